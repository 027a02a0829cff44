import type { Clock } from '../clock.ts'
import type { Selection } from '../job/selection.ts'
import type { Progress } from '../kinds/kind.ts'
import type { JobChange, JobRecord, Store } from '../store/store.ts'
import { Follower, type Following, type FollowOptions, type Reader, type Source } from './follow.ts'
import { framesOf, type LatestProgress, progressFrame } from './frame.ts'
import { Pages } from './pages.ts'
import { type Searching, type SelectOptions, select } from './selection/select.ts'
import { Selections } from './selection/selections.ts'

/** Progress within tasks is told at most this often. */
const progressMs = 50

interface HubOptions {
  clock: Clock
  store: Store
  rate: (job: JobRecord) => number
}

/** Hands out what was committed to those who follow. A job that nobody follows costs nothing. */
export class Hub {
  #followers = new Map<string, Set<Follower>>()
  #progress = new Map<string, Map<number, { key: string | undefined; progress: Progress }>>()
  #cancelProgress: (() => void) | undefined
  #closed = false
  readonly #selections = new Selections()
  readonly #pages: Pages
  readonly #source: Source

  constructor(readonly options: HubOptions) {
    this.#pages = new Pages(options.store, options.rate)
    this.#source = { pages: this.#pages, leave: (follower) => this.#leave(follower) }
  }

  /** To be called after the commit, and only then. */
  publish(changes: readonly JobChange[]): void {
    this.#selections.publish(changes)
    for (const change of changes) {
      const { id } = change.job
      // Whether anybody follows it or not: somebody may have begun to in this same turn.
      this.#pages.forget(id)
      const followers = this.#followers.get(id)
      if (followers) this.#tell(followers, change)
    }
  }

  /** Within an attempt: gathered for a moment, the latest of each task, and never replayed. */
  progress(task: { jobId: string; index: number; key: string | undefined }, progress: Progress): void {
    const { jobId, index, key } = task
    if (!this.#followers.has(jobId)) return
    const latest = this.#progress.get(jobId) ?? new Map()
    this.#progress.set(jobId, latest.set(index, { key, progress }))
    this.#cancelProgress ??= this.options.clock.after(progressMs, () => this.#tellProgress())
  }

  /** Tells a reader what happens to a job from `after` on, until it is stopped, or is over. */
  follow(job: string, options: FollowOptions, reader: Reader): Following {
    const follower = new Follower(job, options, reader, this.#source)
    if (this.#closed) follower.close()
    const followers = this.#followers.get(job) ?? new Set()
    this.#followers.set(job, followers.add(follower))
    reader.behind(follower)
    return follower
  }

  /** Finds the jobs of a selection, those to come included, until the signal. */
  select(selection: Selection, options: SelectOptions): Searching {
    return select({ store: this.options.store, selections: this.#selections }, selection, options)
  }

  /** Ends every follower, and every one that comes later: the server stops. */
  close(): void {
    this.#closed = true
    this.#cancelProgress?.()
    this.#selections.close()
    for (const followers of this.#followers.values()) for (const follower of followers) follower.close()
  }

  get followers(): number {
    let sum = 0
    for (const followers of this.#followers.values()) sum += followers.size
    return sum
  }

  #tell(followers: ReadonlySet<Follower>, change: JobChange): void {
    const frames = framesOf(change, this.options.rate)
    for (const follower of followers) {
      follower.publish(frames)
      if (change.deleted) follower.delete()
    }
  }

  #leave(follower: Follower): void {
    const followers = this.#followers.get(follower.job)
    followers?.delete(follower)
    if (followers?.size === 0) this.#followers.delete(follower.job)
  }

  #tellProgress(): void {
    this.#cancelProgress = undefined
    const gathered: ReadonlyMap<string, LatestProgress> = this.#progress
    this.#progress = new Map()
    for (const [job, latest] of gathered) {
      const frames = [progressFrame(job, latest)]
      for (const follower of this.#followers.get(job) ?? []) follower.publish(frames)
    }
  }
}
