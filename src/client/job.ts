import type { FollowEvent } from '../job/events.ts'
import { hasEnded } from '../job/state.ts'
import type { JobView, ResultView, WholeTaskView } from '../job/wire.ts'
import type { Api } from './api.ts'
import type { Ask } from './ask.ts'
import type { Behind } from './behind.ts'
import type { Completed, Completions } from './completed.ts'
import { SheafError } from './errors.ts'
import type { Follow, FollowOptions } from './follow/follow.ts'
import { segmentOf } from './segment.ts'
import type { Task } from './task.ts'

/** How a task ended, and with what. */
export type Result<Output = unknown> = Pick<ResultView, 'index' | 'key' | 'attempt'> &
  (
    | { state: 'succeeded'; output: Output; error?: never }
    | { state: 'failed' | 'cancelled'; error: Failure; output?: never }
  )

type Failure = NonNullable<ResultView['error']>

/** The result of each task, in input order. */
export type Results<Outputs extends readonly unknown[]> = {
  -readonly [I in keyof Outputs]: Result<Outputs[I]>
}

export interface CompletedOptions {
  /** The seq of the last result that was seen. Default 0: all results. */
  after?: number
  /** Ends the loop with its reason. */
  signal?: AbortSignal
}

export interface WaitOptions {
  signal?: AbortSignal | undefined
}

export interface AddOptions extends WaitOptions {
  /** How many tasks the job has before these; with another number of them, none is added (`conflict`). */
  from?: number | undefined
  /** Whether these are the last. */
  seal?: boolean | undefined
}

interface Items {
  items: Iterable<unknown>
}

const isItems = (tasks: Iterable<Task> | Items): tasks is Items => 'items' in tasks

/** What everything that talks to the server talks with. */
export interface Tools {
  api: Api
  ask: Ask
  follow: Follow
  behind: Behind
  completed: Completions
}

/**
 * A job of the server. To loop over it gives what happens to it until it has ended, through lost connections and
 * restarts of the server: the latest change of each task from before, then every change, each once and in order.
 */
export class Job<Outputs extends readonly unknown[] = unknown[]> implements AsyncIterable<FollowEvent> {
  readonly #tools: Tools

  constructor(
    tools: Tools,
    readonly id: string,
  ) {
    this.#tools = tools
  }

  /** The job as it stands. */
  snapshot({ signal }: WaitOptions = {}): Promise<JobView> {
    return this.#tools.ask((fetch) => this.#route.get({ fetch }), { signal })
  }

  /** One task, whole, by its index or its key. */
  task(task: number | string, { signal }: WaitOptions = {}): Promise<WholeTaskView> {
    return this.#tools.ask((fetch) => this.#route.tasks({ task: segmentOf(task) }).get({ fetch }), {
      signal,
    })
  }

  /** Waits for the job to end, and gives how each task did. */
  async results({ signal }: WaitOptions = {}): Promise<Results<Outputs>> {
    for (;;) {
      try {
        const { data } = await this.#tools.ask((fetch) => this.#route.results.get({ fetch, query: {} }), {
          signal,
        })
        // What the tasks return is what whoever submitted them says it is.
        return data as unknown as Results<Outputs>
      } catch (error) {
        if (!(error instanceof SheafError && error.code === 'conflict')) throw error
      }
      await this.ended({ signal })
    }
  }

  /**
   * The results as tasks end, in the order in which they do, until the job has; through lost connections and restarts of the
   * server. A task that is taken up again (`retry`) on the way comes once more when it ends again. A slow loop slows the server's sending, and nothing else.
   */
  asCompleted({
    after = 0,
    signal,
  }: CompletedOptions = {}): AsyncIterableIterator<Completed<Outputs>, undefined> {
    // What the tasks return is what whoever submitted them says it is.
    return this.#tools.completed(this.id, after, signal) as AsyncGenerator<Completed<Outputs>, undefined>
  }

  /** Waits for the job to end. */
  ended(options?: WaitOptions): Promise<JobView> {
    return this.#until((job) => hasEnded(job.state), options)
  }

  /** Waits until it is known how the job will end: what has not ended by then is being cancelled. */
  decided(options?: WaitOptions): Promise<JobView> {
    return this.#until((job) => job.outcome !== undefined, options)
  }

  /** What has not ended is cancelled. Does nothing to a job that was cancelled before. */
  cancel(options?: WaitOptions): Promise<JobView> {
    return this.#tools.ask((fetch) => this.#route.cancel.post(undefined, { fetch }), options)
  }

  /** What runs goes on; nothing new starts. */
  pause(options?: WaitOptions): Promise<JobView> {
    return this.#tools.ask((fetch) => this.#route.pause.post(undefined, { fetch }), options)
  }

  resume(options?: WaitOptions): Promise<JobView> {
    return this.#tools.ask((fetch) => this.#route.resume.post(undefined, { fetch }), options)
  }

  /** Runs the failed and cancelled tasks of a job that has ended again. */
  retry(options?: WaitOptions): Promise<JobView> {
    // To say it twice is to run twice what failed again in between.
    return this.#tools.ask((fetch) => this.#route.retry.post(undefined, { fetch }), {
      ...options,
      repeatable: false,
    })
  }

  /**
   * Adds tasks to a job that is not sealed, or items to one that was submitted with `each`: all of them, or none. With `from`, the
   * number of tasks that the job has before them, they are added once however often they have to be sent; without, they are
   * not sent again when the answer is lost.
   */
  add(tasks: Iterable<Task> | Items, { signal, from, seal }: AddOptions = {}): Promise<JobView> {
    const what = isItems(tasks) ? { items: [...tasks.items] } : { tasks: [...tasks] }
    // Written once, and sent as often as need be; Eden's types want the object, to write it itself.
    const body = JSON.stringify({ ...what, from, seal }) as never
    const headers = { 'content-type': 'application/json' }
    return this.#tools.ask((fetch) => this.#route.tasks.post(body, { fetch, headers, query: {} }), {
      signal,
      repeatable: from !== undefined,
    })
  }

  /** Says that the job has all its tasks. Does nothing to one that is sealed. */
  seal(options?: WaitOptions): Promise<JobView> {
    return this.#tools.ask((fetch) => this.#route.seal.post(undefined, { fetch }), options)
  }

  /** The same loop, with a beginning, a filter, or a signal. */
  follow(options?: FollowOptions): AsyncIterableIterator<FollowEvent, undefined> {
    return this.#tools.follow.jobs([this.id], options)
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<FollowEvent, undefined> {
    return this.follow()
  }

  get #route() {
    return this.#tools.api.jobs({ id: segmentOf(this.id) })
  }

  async #until(fits: (job: JobView) => boolean, { signal }: WaitOptions = {}): Promise<JobView> {
    // What its tasks do is no matter here.
    for await (const event of this.follow({ after: 'now', states: [], signal }))
      if (event.type === 'job' && fits(event.data)) return event.data
    return this.snapshot({ signal })
  }
}
