import type { Parts } from '../assemble.ts'
import { SheafError } from '../client/errors.ts'
import type { Result, Results } from '../client/job.ts'
import { told } from '../engine/told.ts'
import { viewJob } from '../engine/view.ts'
import { act } from '../http/actions.ts'
import { taskPages } from '../http/answer/task-pages.ts'
import { findJob, findTask, noJob } from '../http/request/lookup.ts'
import type { FollowEvent } from '../job/events.ts'
import { hasEnded } from '../job/state.ts'
import type { JobView } from '../job/wire.ts'
import type { Action, JobRecord, TaskRecord } from '../store/store.ts'
import type { WaitOptions } from './deadline.ts'
import type { Running } from './running.ts'
import { asSheafError } from './submit.ts'

export interface LocalFollowOptions {
  /** The last seq that was seen, or `now`: a snapshot, and what happens from then on. Default 0: everything. */
  after?: number | 'now'
  signal?: AbortSignal | undefined
}

/** A job that has ended, and how each of its tasks did. */
export interface Settled<Outputs extends readonly unknown[] = unknown[]> extends JobView {
  results: Results<Outputs>
}

/** As long as it takes. */
const forEver = 2 ** 47

/** A job of the Sheaf in this process. What cannot be done to it is thrown as a SheafError, as by the client. */
export class LocalJob<Outputs extends readonly unknown[] = unknown[]> implements AsyncIterable<FollowEvent> {
  readonly #running: Running

  constructor(
    running: Running,
    readonly id: string,
  ) {
    this.#running = running
  }

  /** The job as it stands. */
  snapshot(): Promise<JobView> {
    return this.#with(async (parts) => viewOf(parts, await findJob(parts.engine.store, this.id)))
  }

  /** Waits for the job to end; after `waitMs`, gives it as it stands. Rejects with the signal's reason. */
  ended({ waitMs = forEver, signal }: WaitOptions = {}): Promise<JobView> {
    return this.#with(async (parts) => {
      const job = await parts.engine.ended(this.id, waitMs, signal)
      signal?.throwIfAborted()
      if (job === undefined) throw noJob(this.id)
      if (waitMs === forEver && !hasEnded(job.state)) throw stopped()
      return viewOf(parts, job)
    })
  }

  /** Waits until it is known how the job will end: what has not ended by then is being cancelled. */
  async decided({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<JobView> {
    for await (const event of this.follow({ after: 'now', signal }))
      if (event.type === 'job' && event.data.outcome !== undefined) return event.data
    throw stopped()
  }

  /** Waits for the job to end, and gives how each task did, in input order. */
  async results({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<Results<Outputs>> {
    await this.ended({ signal })
    return this.#with(async ({ engine: { store } }) => {
      const results: Result[] = []
      for await (const { data } of taskPages(store, await findJob(store, this.id)))
        results.push(...data.map(resultOf))
      // What the tasks return is what whoever submitted them says it is.
      return results as Results<Outputs>
    })
  }

  /** Waits for the job to end, and gives it with its results. */
  async settled(): Promise<Settled<Outputs>> {
    await this.#with((parts) => this.#running.options.drive?.(parts, this.id) ?? Promise.resolve())
    const job = await this.ended()
    return { ...job, results: await this.results() }
  }

  /** How one task did, or does, by its index or its key. */
  task(address: number | string): Promise<Result> {
    return this.#with(async ({ engine: { store } }) =>
      resultOf(await findTask(store, await findJob(store, this.id), String(address))),
    )
  }

  /** What has not ended is cancelled. Does nothing to a job that was cancelled before. */
  cancel(): Promise<JobView> {
    return this.#act('cancel')
  }

  /** What runs goes on; nothing new starts. */
  pause(): Promise<JobView> {
    return this.#act('pause')
  }

  resume(): Promise<JobView> {
    return this.#act('resume')
  }

  /** Runs the failed and cancelled tasks of a job that has ended again. */
  retry(): Promise<JobView> {
    return this.#act('retry')
  }

  /** What happens to the job, until it has ended or the server stops. Rejects with the signal's reason. */
  async *follow({ after = 0, signal }: LocalFollowOptions = {}): AsyncGenerator<FollowEvent, undefined> {
    const abort = new AbortController()
    const until = signal ? AbortSignal.any([signal, abort.signal]) : abort.signal
    try {
      const { engine } = await this.#running.begin()
      const from = after === 'now' ? undefined : after
      const frames = told((reader) => engine.follow(this.id, { after: from }, reader), until)
      for (;;) {
        const { value, done } = await asSheafError(() => frames.next())
        signal?.throwIfAborted()
        if (done) return undefined
        // The text of a frame is an event, written once for all who follow.
        yield JSON.parse(value.text) as FollowEvent
      }
    } finally {
      abort.abort()
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<FollowEvent, undefined> {
    return this.follow()
  }

  #act(type: Action['type']): Promise<JobView> {
    return this.#with(({ engine }) => act(engine, type, this.id))
  }

  async #with<T>(action: (parts: Parts) => Promise<T>): Promise<T> {
    const parts = await this.#running.begin()
    return asSheafError(() => action(parts))
  }
}

const viewOf = ({ engine }: Parts, job: JobRecord): JobView => viewJob(job, engine.rate(job))

const resultOf = ({ index, key, state, attempt, output, error }: TaskRecord): Result =>
  ({
    index,
    ...(key !== undefined && { key }),
    state,
    attempt,
    ...(output !== undefined && { output: JSON.parse(output) }),
    ...(error !== undefined && { error: JSON.parse(error) }),
    // What the store holds of a task is what its states allow.
  }) as Result

const stopped = () => new SheafError('unavailable', 'The server is stopping.', { status: 503 })
