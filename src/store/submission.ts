import type { Dependency } from '../job/graph.ts'
import type { Rule } from '../job/modes.ts'
import type { RetryPolicy } from '../job/retry.ts'
import type { JobState } from '../job/state.ts'
import type { Webhook } from '../job/webhook.ts'
import type { Tick } from './schedule.ts'
import type { JobRecord } from './store.ts'

/** What each task of a job inherits unless it says otherwise. */
export interface TaskDefaults {
  retry?: Partial<RetryPolicy>
  timeoutMs?: number
  /** The queue of those that name none. Kept for tasks that are added later. */
  queue?: string
  /** Of a job with a template that takes more items: what else there is to say of their tasks, as it was submitted. */
  each?: Readonly<Record<string, unknown>>
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
  /** That more tasks will be added, and for how long to wait for each of them before the job is sealed. Default: it is sealed. */
  sealTimeoutMs?: number | undefined
  /** Not to be started before. Default: at once. */
  runAt?: number | undefined
  unique?: Unique | undefined
  owner?: Owner | undefined
  /** The schedule that it is made by, out of turn. */
  schedule?: string | undefined
  /** The tick of a schedule that it is made by. */
  tick?: Tick | undefined
  webhook?: Webhook | undefined
  /** Its place in the outbox, which it leaves as it is submitted. */
  outbox?: number | undefined
  /** What every task of the job does with its item: the fields of its kind, as JSON text. */
  template: string | undefined
  tasks: readonly NewTask[]
}

export interface Idempotency {
  key: string
  /** A digest of the request: the same key with another digest is another request. Undefined while the request still comes in. */
  digest: string | undefined
  /** How long the key lives, in milliseconds. Default: a day. */
  forMs?: number | undefined
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
  | { type: 'mismatch'; id: string }
  /** The request that used the key before still comes in. */
  | { type: 'pending'; id: string }
  /** The key was used before for the same request, and its job is no longer kept. */
  | { type: 'gone'; id: string }
  /** There is a job of the same unique key. */
  | { type: 'existing'; job: JobRecord }
  | Full
  /** Its tick was taken before, or the schedule was changed; or it left the outbox before. */
  | { type: 'stale' }

/** There is no room for so many more tasks, of this owner or at all. */
export interface Full {
  type: 'full'
  of: 'owner' | 'server'
  waiting: number
  most: number
}

/** More tasks for a job that is not sealed, all or none of them. */
export interface Addition {
  job: string
  /** How many tasks the job has before them. Default: however many. */
  from: number | undefined
  /** They may come after each other and after those that the job has, by their final index; never after later ones. */
  tasks: readonly NewTask[]
  /** Whether no more will come. */
  seal: boolean
  /** How many tasks of the job's owner may wait at once. Default: any number. */
  mostWaiting?: number | undefined
  /** What the digest of the whole request turned out to be, for the job's idempotency key. */
  digest?: string | undefined
}

export type Added =
  | { type: 'added'; job: JobRecord }
  | { type: 'missing' }
  /** The job takes no more tasks. */
  | { type: 'sealed'; job: JobRecord }
  /** Its outcome is decided: what would be added would not run. */
  | { type: 'decided'; job: JobRecord }
  /** It has another number of tasks than `from`. */
  | { type: 'elsewhere'; job: JobRecord }
  /** The key of the task at that position in `tasks` is taken. */
  | { type: 'taken'; job: JobRecord; position: number }
  | Full
