import type { Clock } from '../clock.ts'
import type { Limits } from '../job/queues.ts'
import type { Store } from '../store/store.ts'
import type { Vitals } from './health/vitals.ts'
import type { Kinds } from './runner.ts'
import type { Tally } from './tally/tally.ts'

export interface EngineOptions {
  store: Store
  kinds: Kinds
  clock: Clock
  /** How many tasks run at once. Default 256. */
  concurrency?: number
  /** How many tasks may wait before submissions are refused. Default: any number. */
  mostWaiting?: number | undefined
  /** How many tasks of one owner may wait before what schedules submit for it is refused. Default: any number. */
  mostWaitingPerOwner?: number | undefined
  /** What queues allow, by name or pattern, unless something else is set for them. Default: everything. */
  queueDefaults?: Readonly<Record<string, Limits>>
  /** How long jobs are kept after their end that do not say, in milliseconds. Default: for good. */
  keepMs?: number | undefined
  /** How long an idempotency key lives, in milliseconds. Default: a day. */
  idempotencyMs?: number | undefined
  /** How long `stop` waits for what runs, in milliseconds. Default 10,000. */
  graceMs?: number
  /** The longest output that is kept, in bytes of JSON. Default 16 MiB. */
  maxOutputBytes?: number
  /** The values of `{{secrets.NAME}}`. Default none. */
  secrets?: ReadonlyMap<string, string>
  /** What is wrong with this server, where others tell of it too. Default: known to the engine alone. */
  vitals?: Vitals
  /** Where what it does is counted, where others count too. Default: a new one. */
  tally?: Tally
  log?: (level: 'debug' | 'warn' | 'error', message: string, fields?: Record<string, unknown>) => void
}
