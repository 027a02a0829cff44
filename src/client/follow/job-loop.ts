import { Buffered } from './buffered.ts'
import type { Filter } from './filter.ts'
import { type After, type Followed, type FollowedJobs, placeOf } from './followed.ts'
import { Reader, type Source, type Taker } from './reader.ts'

interface JobLoopOptions {
  /** Where to begin with a job that does not say so itself. */
  after: After
  sourceOf(job: string): Source
  /** Keeps what the sources share while more jobs may come, until what is returned is called. */
  keep(): () => void
  /** How many events wait for the loop, at most. */
  most: number
  filter: Filter
  signal: AbortSignal
}

/**
 * One loop over what happens to some jobs, each to its end. However many they are, a few events wait: a job that has more
 * to say then is let go of, and resumed, with as many others as there is room for, when those have been taken.
 */
export class JobLoop extends Buffered implements Taker {
  #readers = new Map<string, Reader>()
  /** Those that were let go of, the one that waits for the longest first. */
  #behind = new Set<Reader>()
  /** Those that were resumed, and of which nothing has come yet. */
  #resumed = new Set<Reader>()
  #coming: AsyncIterator<Followed> | undefined
  #release = () => {}
  #asking = false
  #allCame = false

  constructor(
    readonly jobs: FollowedJobs,
    readonly options: JobLoopOptions,
  ) {
    super(options.signal, options.most)
  }

  heeded(reader: Reader): void {
    this.#resumed.delete(reader)
    if (reader.over) this.#forget(reader)
    else if (!reader.listening) this.#behind.add(reader)
    this.#refill()
  }

  protected begin(): void {
    if (Symbol.iterator in this.jobs) this.#addAll(this.jobs)
    else {
      this.#coming = this.jobs[Symbol.asyncIterator]()
      this.#release = this.options.keep()
      void this.#ask()
    }
  }

  protected leave(): void {
    for (const reader of this.#readers.values()) reader.leave()
    this.#readers.clear()
    this.#behind.clear()
    this.#resumed.clear()
    this.#release()
    // Whoever brings jobs is told that no more are wanted.
    if (!this.#allCame) void this.#coming?.return?.().catch(() => {})
  }

  protected emptied(): void {
    this.#refill()
  }

  #addAll(jobs: Iterable<Followed>): void {
    try {
      for (const job of jobs) this.#add(job)
      this.#allCame = true
      this.#endIfOver()
    } catch (error) {
      this.fail(error)
    }
  }

  /** Jobs that come are asked for while there is room for what they have to say. */
  async #ask(): Promise<void> {
    const jobs = this.#coming
    if (jobs === undefined || this.#asking || this.#allCame) return
    this.#asking = true
    try {
      while (this.going && !this.full) {
        const { done, value } = await jobs.next()
        this.#allCame = done === true
        if (done === true) break
        if (this.going) this.#add(value)
      }
    } catch (error) {
      this.#allCame = true
      this.fail(error)
    }
    this.#asking = false
    this.#endIfOver()
  }

  #add(followed: Followed): void {
    const { sourceOf, filter } = this.options
    const { job, after } = placeOf(followed, this.options.after)
    if (this.#readers.has(job)) return
    const reader = new Reader({ job, source: sourceOf(job), taker: this, after, filter })
    this.#readers.set(job, reader)
    reader.resume()
  }

  #forget(reader: Reader): void {
    this.#readers.delete(reader.job)
    this.#endIfOver()
  }

  /** Nothing waits to be taken: there is room for those that are behind, though for no more than may answer at once. */
  #refill(): void {
    if (!this.going || !this.empty) return
    for (const reader of this.#behind) {
      if (this.#resumed.size >= this.options.most) break
      this.#behind.delete(reader)
      this.#resumed.add(reader)
      reader.resume()
    }
    void this.#ask()
  }

  #endIfOver(): void {
    if (this.#allCame && this.#readers.size === 0) this.end()
  }
}
