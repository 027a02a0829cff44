import type { Clock } from '../clock.ts'
import type { Limits } from '../job/queues.ts'
import type { Store } from '../store/store.ts'
import type { Kinds } from './runner.ts'

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
  /** How long `stop` waits for what runs, in milliseconds. Default 10,000. */
  graceMs?: number
  /** The longest output that is kept, in bytes of JSON. Default 16 MiB. */
  maxOutputBytes?: number
  /** The values of `{{secrets.NAME}}`. Default none. */
  secrets?: ReadonlyMap<string, string>
  log?: (level: 'debug' | 'warn' | 'error', message: string, fields?: Record<string, unknown>) => void
}
