import type { FaultCode, WarningCode } from '../job/faults.ts'
import type { Breaker, Limits } from '../job/queues.ts'
import type { Selection } from '../job/selection.ts'
import type { Acted, Action, Added, Addition, JobRecord, NewJob, Store, Submitted } from '../store/store.ts'
import type { Census } from './census.ts'
import type { Following, FollowOptions, Reader } from './follow.ts'
import type { Ailment } from './health/vitals.ts'
import type { Schedules } from './schedules/schedules.ts'
import type { Searching, SelectOptions } from './selection/select.ts'
import type { Tally } from './tally/tally.ts'

/** What the rest of Sheaf sees of the engine. */
export interface Engine {
  /** For reading; every change goes through the methods below. */
  readonly store: Store
  /** Rescues what a dead process left running, then starts to claim. */
  start(): Promise<void>
  /** Stops to claim, waits for what runs (at most the grace period), releases the rest. May be called again. */
  stop(): Promise<void>
  /** Resolves when the job and all its tasks are on disk. Throws a Problem (`unavailable`). */
  submit(job: NewJob): Promise<Submitted>
  /** Takes a job in as soon as it is in the outbox: to be called when it was put there, in a transaction that may not be committed yet. */
  expect(job: string): void
  /** Resolves when the tasks are on disk, or with why they are not. Throws a Problem (`unavailable`). */
  add(addition: Addition): Promise<Added>
  /** Resolves when the change is on disk. Throws a Problem (`unavailable`). */
  act(action: Action): Promise<Acted>
  /**
   * Tells the reader everything that happens to a job, in order and without a gap, from `after` on (or from now, with a snapshot),
   * until the job's last event. Refuses with a Problem (`not_found`, or `invalid` when `after` lies in the future) when it is over.
   */
  follow(job: string, options: FollowOptions, reader: Reader): Following
  /**
   * Finds all jobs of a selection, those that do not exist yet included, one after the other, until the signal; they are then to be followed.
   */
  select(selection: Selection, options: SelectOptions): Searching
  /** How many follow a job now: subscriptions, not connections. */
  readonly followers: number
  /** Resolves with the job when it ends, or as it stands after `ms`; undefined if there is no such job. */
  ended(job: string, ms: number, signal?: AbortSignal): Promise<JobRecord | undefined>
  /** The same, when its outcome is known: the rest of its tasks may still be being cancelled. */
  decided(job: string, ms: number, signal?: AbortSignal): Promise<JobRecord | undefined>
  /** Queues that have limits of their own, or in which something waits or runs, by name. */
  queues(query: QueueListQuery): Promise<QueueView[]>
  /** One queue, known or not: a name that was never used has what patterns and defaults give it. */
  queue(name: string): Promise<QueueView>
  /** Sets the limits of a queue or of a pattern of names, or removes them (undefined); resolves when that is on disk and in force. False if there was nothing to remove. Throws a Problem (`unavailable`). */
  limit(name: string, limits: Limits | undefined): Promise<boolean>
  /** Calls the listener whenever a queue is paused, resumed, throttled, or its circuit moves, or its limits change; returns what ends that. */
  watchQueues(listener: (queue: QueueView) => void): () => void
  /** Jobs that are submitted again and again. */
  readonly schedules: Schedules
  /** Tasks ended a second, lately. */
  rate(job: JobRecord): number
  /** What it has done since it started, counted. */
  readonly tally: Tally
  /** What it is busy with at this moment. */
  occupancy(): Occupancy
  /** What waits and runs, by queue for those `most` that have the most of it. It costs what there are queues. */
  census(most: number): Promise<Census>
  health(): Health
}

export interface Occupancy {
  /** How many tasks may run at once. */
  concurrency: number
  /** How many run, by kind. */
  running: Record<string, number>
  /** Claims that start as soon as a task has ended. */
  atHand: number
  /** Subscriptions to jobs. */
  followers: number
  /** Requests that wait for a job. */
  waiters: number
}

export type Health =
  | { ok: true; warnings?: Ailment<WarningCode>[] }
  | ({ ok: false; reason: string } & Partial<Ailment<FaultCode>>)

export interface QueueListQuery {
  /** Only names after this one. */
  after?: string | undefined
  limit: number
}

/** `open` takes tasks; `limited` has as many as it may; `throttled` waits as its upstream asked; `broken` has an open circuit. */
export type QueueStatus = 'open' | 'limited' | 'paused' | 'throttled' | 'broken'

/** A queue as the world sees it. Times are milliseconds since the epoch. */
export interface QueueView {
  name: string
  status: QueueStatus
  /** Tasks that are due or will be. */
  queued: number
  /** Tasks that wait for others. */
  blocked: number
  running: number
  /** Starts a second, lately. */
  ratePerSecond: number
  /** What was set for exactly this name, if anything. */
  own: Limits | undefined
  /** What holds, with patterns and defaults. */
  limits: Limits
  pausedAt: number | undefined
  /** The last time that its upstream asked it to wait. */
  throttle: { at: number; until: number; why: string } | undefined
  /** What the upstream says that it allows. */
  quota:
    | { limit: number; perMs: number | undefined; remaining: number; resetAt: number | undefined }
    | undefined
  /** How many at once the queue has found to be right, if it adapts. */
  adapted: number | undefined
  circuit: { state: 'closed' | 'open' | 'probing'; since: number; retryAt: number | undefined } | undefined
}

export type { Breaker, Limits }
