import type { Static } from '@sinclair/typebox'
import { allOf, allSettledOf, anyOf, type Decided, raceOf } from '../client/gather.ts'
import type { GatherOptions, Gathers } from '../client/sheaf.ts'
import type { SubmitOptions } from '../client/submit.ts'
import { call, type Each, literal, type Outputs, type Task } from '../client/task.ts'
import type { Mode } from '../job/modes.ts'
import type { Handler } from '../kinds/handler.ts'
import { inTime } from './deadline.ts'
import { LocalJob } from './job.ts'
import { type HostTransaction, submitWithin } from './outbox.ts'
import type { Running } from './running.ts'
import { submit } from './submit.ts'

/** How a job of one task that nobody waits for is to be run. Its name is that of its handler, if not given. */
export interface BackgroundOptions
  extends Omit<SubmitOptions, 'mode' | 'tolerate' | 'quorum' | 'sealed' | 'sealTimeoutMs' | 'signal'> {}

type Tasks = readonly Task[] | []

/** As for the client's. With `waitMs`, a gather rejects with a {@link PendingError} when it is not over by then. */
export interface LocalGatherOptions extends GatherOptions {
  waitMs?: number
}

/**
 * Sheaf, called from within the app, with no HTTP in between. Whatever does not get in is thrown as a SheafError, with the `code`,
 * the `status` and the `errors` of the problem that the routes would answer with.
 */
export interface LocalSheaf extends Gathers<LocalGatherOptions> {
  /**
   * Runs a handler, or any task, after the response: resolves when it is on disk. It runs though the process dies then, and again after
   * a failure, as its `retry` says.
   */
  background<H extends Handler>(
    handler: H,
    input: Static<H['input']>,
    options?: BackgroundOptions,
  ): Promise<LocalJob<[Static<H['output'] & {}>]>>
  background<Output>(task: Task<Output>, options?: BackgroundOptions): Promise<LocalJob<[Output]>>

  /** Resolves when the job and all its tasks are on disk. */
  submit<T extends Tasks>(tasks: T, options?: SubmitOptions): Promise<LocalJob<Outputs<T>>>
  submit<Output>(
    tasks: Iterable<Task<Output>> | Each<Output>,
    options?: SubmitOptions,
  ): Promise<LocalJob<Output[]>>

  /**
   * What is submitted as a part of a transaction of the app's own, on a connection to the same file: there is such a job exactly if the
   * transaction is committed. With `bun:sqlite`, or drizzle on it; it must be over before its callback returns, as theirs are.
   */
  within(transaction: HostTransaction): Within

  /** A job that is there already. Nothing is read yet. */
  job<Outputs extends readonly unknown[] = unknown[]>(id: string): LocalJob<Outputs>

  /** Opens the database and starts, unless that was done, as the app's own `listen` does. Rejects with a StoreError when it cannot be opened. */
  ready(): Promise<void>

  /** Stops, as the app's own `stop` does: for an app that does not listen. The next use opens the database again. */
  stop(): Promise<void>
}

/** Submits within a transaction. Each returns the id of the job to be. Throws a SheafError, and then nothing was written. */
export interface Within {
  background<H extends Handler>(handler: H, input: Static<H['input']>, options?: BackgroundOptions): string
  background(task: Task, options?: BackgroundOptions): string
  submit(tasks: Iterable<Task> | Each, options?: Omit<SubmitOptions, 'signal'>): string
}

export const createLocal = (running: Running): LocalSheaf => {
  const start = (tasks: Iterable<Task> | Each, options: SubmitOptions = {}) => submit(running, tasks, options)
  return {
    // What the tasks return is what whoever submits them says it is.
    background: (work: Handler | Task, ...rest: unknown[]) =>
      start(...inBackground(work, rest)) as Promise<never>,
    within: (transaction) => {
      const put = (tasks: Iterable<Task> | Each, options?: SubmitOptions) =>
        submitWithin(running, transaction, tasks, options)
      return {
        background: (work: Handler | Task, ...rest: unknown[]) => put(...inBackground(work, rest)),
        submit: put,
      }
    },
    all: gather(start, 'all', allOf),
    allSettled: gather(start, 'allSettled', allSettledOf),
    any: gather(start, 'any', anyOf),
    race: gather(start, 'race', raceOf),
    submit: start as LocalSheaf['submit'],
    job: (id) => new LocalJob(running, id.toLowerCase()),
    ready: async () => void (await running.begin()),
    stop: () => running.stop(),
  }
}

type Start = (tasks: Iterable<Task> | Each, options?: SubmitOptions) => Promise<LocalJob>

/** The one task, and the options, that the overloads of `background` are given. */
const inBackground = (
  work: Handler | Task,
  rest: readonly unknown[],
): [tasks: Task[], options: BackgroundOptions | undefined] => {
  if ('kind' in work) return [[work], rest[0] as BackgroundOptions | undefined]
  // What it is given is data, however much like a placeholder parts of it look.
  const task = call<unknown>(work.name, literal(rest[0]))
  return [[task], { name: work.name, ...(rest[1] as BackgroundOptions | undefined) }]
}

/** Which types its result has, the overloads of the client's interface say. */
const gather =
  (start: Start, mode: Mode, settle: (decided: Decided) => Promise<unknown>) =>
  async (
    tasks: Iterable<Task> | Each,
    { signal, waitMs, ...options }: LocalGatherOptions = {},
  ): Promise<never> => {
    const job = await start(tasks, { ...options, ...(signal && { signal }), mode })
    try {
      return await inTime({ job: job.id, waitMs, signal }, async (until) => {
        const as = await job.decided({ signal: until })
        return (await settle({ job, as, options: { signal: until } })) as never
      })
    } catch (error) {
      if (signal?.aborted) await job.cancel()
      throw error
    }
  }
