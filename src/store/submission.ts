import type { Dependency } from '../job/graph.ts'
import type { Rule } from '../job/modes.ts'
import type { RetryPolicy } from '../job/retry.ts'
import type { JobState } from '../job/state.ts'
import type { Tick } from './schedule.ts'
import type { JobRecord } from './store.ts'

/** What each task of a job inherits unless it says otherwise. */
export interface TaskDefaults {
  retry?: Partial<RetryPolicy>
  timeoutMs?: number
}

export interface NewTask {
  key: string | undefined
  kind: string
  queue: string
  /** The fields of its kind, or the item it is made for if its job has a template, as JSON text. */
  input: string
  /** Not to be claimed before. Default: at once. */
  runAt?: number | undefined
  /** The tasks that it waits for. */
  after: readonly Dependency[] | undefined
  /** Its own {@link TaskDefaults}, as JSON text, if it has any. */
  options: string | undefined
}

export interface NewJob {
  id: string
  name: string | undefined
  rule: Rule
  concurrency: number | undefined
  priority: number
  labels: Readonly<Record<string, string>>
  defaults: TaskDefaults
  /** From submission to outcome. */
  timeoutMs: number | undefined
  keepMs: number | undefined
  idempotency: Idempotency | undefined
  /** Not to be started before. Default: at once. */
  runAt?: number | undefined
  unique?: Unique | undefined
  owner?: Owner | undefined
  /** The schedule that it is made by, out of turn. */
  schedule?: string | undefined
  /** The tick of a schedule that it is made by. */
  tick?: Tick | undefined
  /** What every task of the job does with its item: the fields of its kind, as JSON text. */
  template: string | undefined
  tasks: readonly NewTask[]
}

export interface Idempotency {
  key: string
  /** A digest of the request: the same key with another digest is another request. */
  digest: string
}

/** That there be no second job of the same key, while the first is in one of these states, or for so long after it was submitted. */
export interface Unique {
  key: string
  states: readonly JobState[]
  forMs: number | undefined
}

/** Whose job it is, and how many of their tasks may wait at once. */
export interface Owner {
  id: string
  mostWaiting: number | undefined
}

export type Submitted =
  | { type: 'created'; job: JobRecord }
  /** The key was used before for the same request: its job. */
  | { type: 'repeated'; job: JobRecord }
  /** The key was used before for another request. */
  | { type: 'mismatch'; job: JobRecord }
  /** There is a job of the same unique key. */
  | { type: 'existing'; job: JobRecord }
  /** There is no room for so many more tasks, of this owner or at all. */
  | { type: 'full'; of: 'owner' | 'server'; waiting: number; most: number }
  /** Its tick was taken before, or the schedule was changed. */
  | { type: 'stale' }
