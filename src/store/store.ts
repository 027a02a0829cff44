import type { Failure } from '../job/errors.ts'
import type { Dependency } from '../job/graph.ts'
import type { Ledger } from '../job/ledger.ts'
import type { Mode } from '../job/modes.ts'
import type { EndedState, TaskState } from '../job/state.ts'
import type { Webhook } from '../job/webhook.ts'
import type {
  FlowRecords,
  Gate,
  Limited,
  LimitsChange,
  QueueQuery,
  QueueRecord,
  QueueState,
  Started,
} from './flow.ts'
import type { Changes, Ends, EndsQuery } from './log.ts'
import type { JobQuery, Page, TaskAddress, TaskQuery } from './query.ts'
import type { ScheduleChange, ScheduleQuery, ScheduleRecord } from './schedule.ts'
import type { SelectionQuery } from './selection.ts'
import type { Added, Addition, NewJob, Submitted, TaskDefaults } from './submission.ts'
import type { DeliveryQuery, EndpointQuery } from './webhook.ts'

export type * from './log.ts'
export type * from './query.ts'
export type * from './selection.ts'
export type * from './submission.ts'
export type * from './webhook.ts'

/**
 * Where jobs live. The interface is asynchronous and batch-shaped so that a dialect over a network costs one round
 * trip a batch; every durable change goes through `commit`, which is one transaction.
 *
 * Times are milliseconds since the epoch and are given by the caller; a store reads no clock.
 */
export interface Store {
  /** Applies a batch in one transaction. When it resolves, everything in the answer is on disk. */
  commit(batch: Batch, now: number): Promise<Committed>
  /** Takes back the running tasks of processes that died. To be called once, before the first commit. */
  rescue(now: number, mostRescues: number): Promise<number>

  job(id: string): Promise<JobRecord | undefined>
  /** Newest first. */
  jobs(query: JobQuery): Promise<Page<JobRecord>>
  /** The jobs of a selection, oldest first. */
  selected(query: SelectionQuery): Promise<JobRecord[]>
  /** The highest number that a job ever had; 0 before the first. */
  lastNumber(): Promise<number>
  task(job: Pick<JobRecord, 'number'>, address: TaskAddress): Promise<WholeTaskRecord | undefined>
  /** In input order. */
  tasks(job: JobRecord, query: TaskQuery): Promise<Page<TaskRecord>>
  /** What a task comes after. */
  dependencies(job: JobRecord, index: number): Promise<Dependency[]>
  /** The failed attempts of a task, oldest first. */
  failures(job: JobRecord, index: number): Promise<AttemptFailure[]>
  /** What was set for queues, and what they were doing when that was last written: what flow control starts from. */
  flow(): Promise<FlowRecords>
  /** Queues in which something waits, in the order of their names. */
  queues(query: QueueQuery): Promise<QueueRecord[]>
  /** Undefined for a name that no task was ever in. */
  queue(name: string): Promise<QueueRecord | undefined>
  /** In the order of their names. */
  schedules(query: ScheduleQuery): Promise<ScheduleRecord[]>
  schedule(id: string): Promise<ScheduleRecord | undefined>
  /** The schedules whose next tick is due by `now`, the longest due first. */
  dueSchedules(now: number, limit: number): Promise<ScheduleRecord[]>
  /** Where webhooks deliver to, in the order of their ids. */
  endpoints(query: EndpointQuery): Promise<JobRecord[]>
  /** What an endpoint is told of one job, in the order in which it happened. */
  deliveriesOf(endpoint: JobRecord, query: DeliveryQuery): Promise<WholeTaskRecord[]>
  /** What apps have submitted within transactions of their own and was not taken in yet, past a place in the outbox, in that order. */
  outbox(after: number, limit: number): Promise<NewJob[]>
  /** The compacted log: tasks whose latest change is past `after`, in seq order, and the job as of the same moment. */
  changes(id: string, after: number, limit: number): Promise<Changes | undefined>
  /** Tasks that have ended, in the order in which they did, and the job as of the same moment. */
  ends(id: string, query: EndsQuery): Promise<Ends | undefined>

  /** What became of the files; a log that has grown long is folded in if `mayWrite`. Undefined for a store without files. */
  inspect?(mayWrite: boolean): Promise<Condition | undefined>

  close(): Promise<void>
}

export interface Condition {
  /** The file is gone, or another has its name. */
  replaced: boolean
  /** The length of the file itself; 0 if it is gone. */
  fileBytes: number
  /** The length of the log of what has yet to be folded into the file. */
  walBytes: number
  /** It is long, and a reader keeps it from being folded in. */
  held: boolean
}

export interface Batch {
  submissions: readonly NewJob[]
  additions?: readonly Addition[]
  settlements: readonly Settlement[]
  actions: readonly Action[]
  /** Write something in any case: to see whether the database can be written again. */
  prove?: boolean
  /** How many tasks to claim, at most, once everything else in the batch is done. */
  claim: number
  /** How many tasks beyond its own concurrency a job may have claimed, so that one is at hand when another ends. Default 0. */
  ahead?: number
  /** What queues allow. Default: everything. */
  gate?: Gate
  /** Queues that were reported as `parked`, and may have room again. */
  opened?: readonly string[]
  /** Limits to set for a queue or a pattern of names, or to remove. */
  limits?: readonly LimitsChange[]
  /** What queues are doing, to be kept for a restart. */
  queueStates?: readonly QueueState[]
  /** When tasks of metered queues really started that were claimed before. */
  started?: readonly Started[]
  schedules?: readonly ScheduleChange[]
  /** How many tasks may wait in all, blocked ones included, before submissions are refused. Default: any number. */
  mostWaiting?: number | undefined
}

export interface Committed {
  /** One for each submission, in order. */
  submitted: Submitted[]
  /** One for each addition. */
  added: Added[]
  /** One for each settlement: false when the attempt was no longer held, and nothing changed. */
  settled: boolean[]
  /** One for each action. */
  acted: Acted[]
  claimed: Claim[]
  /** Queues that had no room for a task that was due: it waits until a batch says that they are `opened`. */
  parked: string[]
  /** Of the queues that were `opened`: those of which no task is left parked. */
  drained: string[]
  /** One for each of the `limits`. */
  limited: Limited[]
  /** One for each of the `schedules`: whether it was done. */
  scheduled: boolean[]
  /** What changed, a job each, for those who follow. */
  changes: JobChange[]
  /** True when a step of a long work (cancelling, deleting) was done and more of it is left: commit again soon. */
  unfinished: boolean
  /** When something becomes due that is not due yet. */
  wakeAt: number | undefined
}

export interface Claim {
  job: number
  jobId: string
  index: number
  key: string | undefined
  kind: string
  queue: string
  /** The store's own short name of the queue. */
  queueNumber: number
  /** The number of this attempt, and the token that settles it. */
  attempt: number
  /** How many attempts have failed so far. */
  failures: number
  /** How long it was snoozed so far, in all. */
  waitedMs: number
  input: string
  /** The job's template, if its tasks are made of items: then `input` is the item. */
  template: string | undefined
  options: string | undefined
  defaults: TaskDefaults
  /** How many tasks of its job may run at once. */
  concurrency: number | undefined
  /** How the outcomes of its job gather: whether its end may be the job's. */
  mode: Mode
  startedAt: number
}

export interface Settlement {
  claim: Claim
  result: AttemptResult
}

/** The end of an attempt. */
export type AttemptResult =
  | { type: 'succeeded'; output: string }
  | { type: 'failed'; error: Failure }
  | { type: 'retry'; error: Failure; runAt: number }
  | { type: 'snooze'; runAt: number }
  | { type: 'release' }
  | { type: 'cancelled'; error: Failure }

export interface Action {
  type: 'cancel' | 'pause' | 'resume' | 'retry' | 'delete'
  job: string
  /** Of an endpoint, which never ends: the delivery to retry. Default: the oldest of those that did not succeed. */
  task?: number | undefined
}

export type Acted =
  | { type: 'done'; job: JobRecord }
  | { type: 'missing' }
  /** The job's state does not allow the action. */
  | { type: 'refused'; job: JobRecord }

export interface JobRecord extends Ledger {
  /** The store's own short name of the job: it rises in the order in which jobs were committed, and is not given twice. */
  number: number
  id: string
  name: string | undefined
  concurrency: number | undefined
  priority: number
  labels: Readonly<Record<string, string>>
  createdAt: number
  /** When a scheduled job is to start. */
  runAt: number | undefined
  deadlineAt: number | undefined
  /** The id of the schedule that made it. */
  schedule: string | undefined
  defaults: TaskDefaults
  /** Who is told of what happens to it. */
  webhook: Webhook | undefined
  /**
   * Of an endpoint of webhooks, its URL. An endpoint is a job that never ends: each delivery to it is a task, and it is paused
   * while it is disabled. Clients do not see it among the jobs.
   */
  endpoint: string | undefined
  /** What its tasks do with their items, as JSON text; the input of each of them is its item. */
  template: string | undefined
}

/** The latest change of a task, as it is told to followers. `output` and `error` are JSON text; the log leaves large outputs out. */
export interface TaskChange {
  index: number
  key: string | undefined
  state: TaskState
  attempt: number
  seq: number
  runAt: number | undefined
  output: string | undefined
  outputBytes: number
  error: string | undefined
}

export interface JobChange {
  job: JobRecord
  /** The job's seq before: this change is everything in between. */
  since: number
  /** Whether the job itself was created or changed state. */
  moved: boolean
  deleted: boolean
  /** Whether it goes on after it had ended. */
  revived?: boolean
  tasks: TaskChange[]
}

export interface TaskRecord {
  index: number
  key: string | undefined
  kind: string
  queue: string
  state: TaskState
  attempt: number
  seq: number
  runAt: number
  startedAt: number | undefined
  finishedAt: number | undefined
  output: string | undefined
  error: string | undefined
}

/** With what it was submitted with, as JSON text. */
export interface WholeTaskRecord extends TaskRecord {
  input: string
  options: string | undefined
}

export interface AttemptFailure {
  attempt: number
  startedAt: number
  finishedAt: number
  error: string
}

/** A database that cannot be used; the message says why and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}

export type { EndedState, Failure }
