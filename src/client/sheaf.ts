import type { FollowEvent } from '../job/events.ts'
import type { Api } from './api.ts'
import type { FollowOptions } from './follow/follow.ts'
import type { Followed } from './follow/followed.ts'
import type { Selection } from './follow/selection-loop.ts'
import type { Job } from './job.ts'
import type { Queues } from './queues.ts'
import type { Schedules } from './schedules.ts'
import type { SubmitOptions } from './submit.ts'
import type { Each, Outputs, Task } from './task.ts'
import type { Webhooks } from './webhooks.ts'

/** The outcome is what the function says; so these say nothing of it. */
export interface GatherOptions
  extends Omit<SubmitOptions, 'mode' | 'tolerate' | 'quorum' | 'sealed' | 'sealTimeoutMs' | 'signal'> {
  /** Cancels the job, and rejects with the reason. */
  signal?: AbortSignal
}

type Tasks = readonly Task[] | []

/**
 * The four that are named as the Promise functions submit a job of that mode, and settle as those would, with a
 * {@link TaskError} for each task that did not succeed. Beyond that they reject with a {@link JobError} when somebody
 * cancelled the job or its `timeoutMs` was over, and with a {@link SheafError} when the server refuses the job.
 */
export interface Gathers<Options = GatherOptions> {
  all<T extends Tasks>(tasks: T, options?: Options): Promise<Outputs<T>>
  all<Output>(tasks: Iterable<Task<Output>> | Each<Output>, options?: Options): Promise<Output[]>

  allSettled<T extends Tasks>(tasks: T, options?: Options): Promise<Settled<Outputs<T>>>
  allSettled<Output>(
    tasks: Iterable<Task<Output>> | Each<Output>,
    options?: Options,
  ): Promise<PromiseSettledResult<Output>[]>

  /** Rejects with an AggregateError of the errors of all tasks, in input order, if none succeeded. */
  any<T extends Tasks>(tasks: T, options?: Options): Promise<Outputs<T>[number]>
  any<Output>(tasks: Iterable<Task<Output>> | Each<Output>, options?: Options): Promise<Output>

  /** Of no tasks, it never settles, as `Promise.race` does not; within an app, it rejects (`invalid`). */
  race<T extends Tasks>(tasks: T, options?: Options): Promise<Outputs<T>[number]>
  race<Output>(tasks: Iterable<Task<Output>> | Each<Output>, options?: Options): Promise<Output>
}

/**
 * A connection to a server. It keeps a socket open for as long as a job is followed, and nothing else, so there is no
 * need to close it.
 */
export interface Sheaf extends Gathers, AsyncDisposable {
  /** Resolves when the job and all its tasks are on disk. */
  submit<T extends Tasks>(tasks: T, options?: SubmitOptions): Promise<Job<Outputs<T>>>
  submit<Output>(
    tasks: Iterable<Task<Output>> | Each<Output>,
    options?: SubmitOptions,
  ): Promise<Job<Output[]>>

  /**
   * Sends the tasks as they come, a chunk at a time, and runs them meanwhile. Resolves when all are on disk. With an `idempotencyKey`,
   * the same tasks submitted again go on where they broke off.
   */
  submit<Output>(tasks: AsyncIterable<Task<Output>>, options?: SubmitOptions): Promise<Job<Output[]>>

  /** A job that is there already. Nothing is asked of the server yet. */
  job<Outputs extends readonly unknown[] = unknown[]>(id: string): Job<Outputs>

  /**
   * One loop over what happens to many jobs, over one socket: each event says of which `job` it is, and comes once and in
   * order, as in a loop over that job alone. Ends when all have ended; a job that is not there ends it with an error. Jobs may come
   * as they are made; a slow loop holds up the server, not this process's memory.
   */
  watch(
    jobs: Iterable<Followed> | AsyncIterable<Followed>,
    options?: FollowOptions,
  ): AsyncIterableIterator<FollowEvent, undefined>

  /**
   * The same of all jobs of a name, with a label (`team:growth`), or both, those included that do not exist yet: first a snapshot of those
   * that have not ended, then what happens to them, and all of each that comes, until the loop is left. Needs a WebSocket, and opens one of its own:
   * where there is none, it ends with a {@link SheafError} (`unsupported`).
   */
  watch(
    selection: Selection,
    options?: Omit<FollowOptions, 'after'>,
  ): AsyncIterableIterator<FollowEvent, undefined>

  /** What limits how fast tasks run, and how that goes. */
  readonly queues: Queues

  /** Jobs that are submitted again and again. */
  readonly schedules: Schedules

  /** Who was told of jobs by their webhooks, and whether they heard it. */
  readonly webhooks: Webhooks

  /** Every route of the server, typed: the Eden treaty. */
  readonly api: Api

  /** Ends every loop and wait with a {@link SheafError} (`closed`), and waits for what is yet to be told to the server. */
  close(): Promise<void>
}

type Settled<Values extends readonly unknown[]> = {
  -readonly [I in keyof Values]: PromiseSettledResult<Values[I]>
}
