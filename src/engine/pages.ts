import type { JobRecord, Store } from '../store/store.ts'
import { type Frame, jobFrame, mostTasks, tasksFrames } from './frame.ts'

/** A piece of a job's log, as frames. */
export interface LogPage {
  job: JobRecord
  tasks: Frame[]
  /** The job as of the end of the log. */
  snapshot: Frame
  /** How many tasks were read. */
  count: number
  /** Whether more of the log is left. */
  more: boolean
  /** How many tasks the next page is to have, so that they fit a frame: what does not is read in vain by a slow reader. */
  next: number
}

/** Where a page begins. Without a seq it is empty, and only shows the job. */
interface Place {
  after: number | undefined
  limit: number
}

/**
 * So much is read of the log, in tasks, before others have their turn: about a millisecond. More than what a commit changes as a rule, or
 * who reads while a job runs would never have caught up.
 */
const mostAtOnce = 2_000
/** What it costs to ask for a page, in tasks. */
const costOfPage = 20

/**
 * Reads the logs of jobs for all readers. Those that ask for the same in the same turn of the event loop share it, and however many
 * ask, what else there is to do has its turn in between.
 */
export class Pages {
  /** By job, then by place. */
  #shared = new Map<string, Map<string, Promise<LogPage | undefined>>>()
  #waiting: (() => Promise<number>)[] = []
  #reading = false
  /** How much was read in this turn of the event loop. */
  #spent = 0

  constructor(
    readonly store: Store,
    readonly rate: (job: JobRecord) => number,
  ) {}

  /** Undefined when there is no such job. */
  read(job: string, place: Place): Promise<LogPage | undefined> {
    const shared = this.#sharedOf(job)
    const key = `${place.after} ${place.limit}`
    let page = shared.get(key)
    if (page === undefined) {
      page = this.#enqueue(() => this.#load(job, place))
      shared.set(key, page)
    }
    return page
  }

  /** To be called before a change is published: who joins later must not get what was read before. */
  forget(job: string): void {
    this.#shared.delete(job)
  }

  #sharedOf(job: string): Map<string, Promise<LogPage | undefined>> {
    if (this.#shared.size === 0) setImmediate(() => this.#begin())
    const shared = this.#shared.get(job) ?? new Map()
    this.#shared.set(job, shared)
    return shared
  }

  #enqueue(load: () => Promise<LogPage | undefined>): Promise<LogPage | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(async () => {
        const page = load()
        page.then(resolve, reject)
        const read = await page.catch(() => undefined)
        return costOfPage + (read?.count ?? 0)
      })
      if (!this.#reading) void this.#readOn()
    })
  }

  async #readOn(): Promise<void> {
    this.#reading = true
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (this.#spent >= mostAtOnce) await this.#nextTurn()
      this.#spent += await next()
    }
    this.#reading = false
  }

  async #nextTurn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.#spent = 0
  }

  /** The beginning of a turn. */
  #begin(): void {
    this.#shared.clear()
    this.#spent = 0
  }

  async #load(id: string, { after, limit }: Place): Promise<LogPage | undefined> {
    const changes = await this.#changes(id, after, limit)
    if (changes === undefined) return undefined
    const { job, more } = changes
    const tasks = tasksFrames(job, changes.tasks, after ?? job.seq)
    const count = changes.tasks.length
    const fits = tasks.length > 1 ? Math.ceil(count / tasks.length) : limit * 2
    const next = Math.min(fits, mostTasks)
    return { job, tasks, snapshot: jobFrame(job, this.rate), count, more, next }
  }

  async #changes(id: string, after: number | undefined, limit: number) {
    if (after !== undefined) return this.store.changes(id, after, limit)
    const job = await this.store.job(id)
    return job && { job, tasks: [], more: false }
  }
}
