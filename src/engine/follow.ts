import { expected, Problem } from '../job/errors.ts'
import type { Filter } from '../job/filter.ts'
import { type Frame, mostTasks } from './frame.ts'
import type { LogPage, Pages } from './pages.ts'

export interface FollowOptions {
  /** The last seq that was seen. Default: now, so that only a snapshot comes first. */
  after?: number | undefined
  /** Which of the tasks are told. Default: all of them, whole. */
  filter?: Filter | undefined
  /** Whether a job that has ended, with nothing past `after` to tell, is over without a word. Default: its end is told once more. */
  onlyNews?: boolean | undefined
}

/** Who is told what happens to the jobs that it follows. It is never waited for. */
export interface Reader {
  /** Takes a frame, written out, or refuses it because it has no room. */
  offer(frame: Frame, text: string): boolean
  /** There is more to read out of the log: `read` is to be called as soon as there is room. */
  behind(following: Following): void
  /** No more comes: that was the job's last frame, the server stops, or it failed (a Problem when the job is not there, or gone). */
  over(following: Following, error?: unknown): void
}

/** One reader's way through one job. */
export interface Following {
  readonly job: string
  /** Reads a page of the log, if it is behind, and gives what there is room for. Never rejects. */
  read(): Promise<void>
  /** Tells the reader nothing more. May be called again. */
  stop(): void
}

/** What the job's followers are kept in, and where they read on. */
export interface Source {
  pages: Pages
  leave(follower: Follower): void
}

/** How many frames are kept that are published while the log is read. Frames are shared, not copied. */
const mostMeanwhile = 32

/**
 * Everything that happens to a job, once and in order, from `after` on, told to one reader: what is in the log, a snapshot of the
 * job, then what is committed from now on, at once and without a detour. When the reader has no room, or a frame is missing, it
 * reads on in the log from where it is: so nothing waits for it, nothing is missed, and nothing is kept for it.
 * The one source of both the WebSocket and the SSE stream.
 */
export class Follower implements Following {
  #state: 'behind' | 'reading' | 'live' | 'over' = 'behind'
  /** The seq of the last frame that was taken. */
  #cursor: number | undefined
  /** The seq of the job's latest snapshot: one that was committed with tasks has the same seq as the last of them. */
  #shown = -1
  /** What was published while the log is being read; undefined once that was too much to keep. */
  #meanwhile: Frame[] | undefined
  #begun = false
  #deleted = false
  #closing = false
  #pageSize = mostTasks
  readonly #filter: Filter | undefined
  readonly #onlyNews: boolean

  constructor(
    readonly job: string,
    { after, filter, onlyNews = false }: FollowOptions,
    readonly reader: Reader,
    readonly source: Source,
  ) {
    this.#cursor = after
    this.#filter = filter
    this.#onlyNews = onlyNews
  }

  async read(): Promise<void> {
    if (this.#state !== 'behind') return
    this.#state = 'reading'
    this.#meanwhile = []
    try {
      const page = await this.source.pages.read(this.job, { after: this.#cursor, limit: this.#pageSize })
      // It may have been stopped meanwhile.
      if (this.#isIn('reading')) this.#take(page)
    } catch (error) {
      this.#end(error)
    }
  }

  /** Takes what was committed. */
  publish(frames: readonly Frame[]): void {
    if (this.#state === 'live') for (const frame of frames) if (!this.#goOn(frame)) return
    if (this.#state === 'reading') this.#keep(frames)
  }

  /** The job is no more. What is being read of it is told nevertheless. */
  delete(): void {
    if (this.#state === 'reading') this.#deleted = true
    else this.#end(this.#missing())
  }

  /** Nothing more will be published: what is in the log is told, and then it is over. */
  close(): void {
    this.#closing = true
    if (this.#state === 'live') this.#end()
  }

  stop(): void {
    this.#state = 'over'
    this.#meanwhile = undefined
    this.source.leave(this)
  }

  #end(error?: unknown): void {
    if (this.#state === 'over') return
    this.stop()
    this.reader.over(this, error)
  }

  /** Asked, as what is called in between may have changed it. */
  #isIn(state: 'reading' | 'live'): boolean {
    return this.#state === state
  }

  #keep(frames: readonly Frame[]): void {
    if (this.#meanwhile && this.#meanwhile.length + frames.length <= mostMeanwhile)
      this.#meanwhile.push(...frames)
    else this.#meanwhile = undefined
  }

  #take(page: LogPage | undefined): void {
    if (page === undefined) this.#end(this.#missing())
    else if (!this.#giveAll(page)) this.#fallBehind()
    else if (page.snapshot.last) this.#end()
    else this.#goLive()
  }

  /** False when there is more to read. */
  #giveAll(page: LogPage): boolean {
    const isSeen =
      this.#onlyNews && !this.#begun && page.snapshot.last && (this.#cursor ?? page.job.seq) === page.job.seq
    this.#begin(page)
    if (isSeen) return true
    for (const frame of page.tasks) if (!this.#give(frame)) return false
    this.#pageSize = page.next
    if (page.more) return false
    // Who only read again because too much was kept meanwhile has been shown it.
    if (page.job.seq > this.#shown && !this.#give(page.snapshot)) return false
    this.#shown = page.job.seq
    return true
  }

  #begin({ job }: LogPage): void {
    this.#cursor ??= job.seq
    if (this.#cursor > job.seq && !this.#begun)
      throw new Problem(
        'invalid',
        expected('after', `between 0 and ${job.seq}, the latest seq of the job`, this.#cursor),
      )
    this.#begun = true
  }

  #goLive(): void {
    const meanwhile = this.#meanwhile
    this.#meanwhile = undefined
    this.#state = 'live'
    if (meanwhile) this.publish(meanwhile)
    else this.#fallBehind()
    if (this.#deleted) this.#end(this.#missing())
    else if (this.#closing && this.#isIn('live')) this.#end()
  }

  /** Gives a frame that was just published; false when that was the end of being live. */
  #goOn(frame: Frame): boolean {
    if (frame.seq === undefined) {
      this.#give(frame)
      return true
    }
    if (frame.seq <= ((frame.type === 'job' ? this.#shown : this.#cursor) ?? 0)) return true
    if (frame.since !== this.#cursor || !this.#give(frame)) {
      this.#fallBehind()
      return false
    }
    if (frame.type === 'job') this.#shown = frame.seq
    if (!frame.last) return true
    this.#end()
    return false
  }

  /** False when the reader has no room for it. */
  #give(frame: Frame): boolean {
    const text = frame.text(this.#filter)
    if (text !== undefined && !this.reader.offer(frame, text)) return false
    this.#cursor = frame.seq ?? this.#cursor
    return true
  }

  #fallBehind(): void {
    this.#meanwhile = undefined
    this.#state = 'behind'
    if (this.#deleted) this.#end(this.#missing())
    else this.reader.behind(this)
  }

  #missing(): Problem {
    const what = this.#begun ? `The job ${this.job} was deleted.` : `There is no job ${this.job}.`
    return new Problem('not_found', what)
  }
}
