import type { FollowEvent } from '../../job/events.ts'
import { hasEnded } from '../../job/state.ts'
import { Position } from './position.ts'

/** What brings events to a reader, and is told how it fares. */
export interface Source {
  /** The reader wants what comes after its position: it was opened, or has caught up. */
  want(reader: Reader): void
  /** The reader wants nothing for now: it is behind. */
  pause(reader: Reader): void
  /** The reader wants nothing more. */
  leave(reader: Reader): void
}

interface Waiting {
  resolve(result: IteratorResult<FollowEvent, undefined>): void
  reject(error: unknown): void
}

const done = { done: true, value: undefined } as const

/**
 * One loop over what happens to a job. A few events wait for it; when they are too many it lets the source pause, and
 * resumes after the last of them when it has taken them all: so a slow loop costs no memory, and misses nothing.
 */
export class Reader implements AsyncIterableIterator<FollowEvent, undefined> {
  readonly position: Position
  #events: FollowEvent[] = []
  #waiting: Waiting[] = []
  #state: 'new' | 'reading' | 'behind' | 'ended' = 'new'
  #error: { value: unknown } | undefined

  constructor(
    readonly source: Source,
    readonly most: number,
    after: number | undefined,
    readonly signal?: AbortSignal,
  ) {
    this.position = new Position(after)
  }

  /** Whether events are to be put. */
  get listening(): boolean {
    return this.#state === 'reading'
  }

  put(event: FollowEvent): void {
    if (!this.listening) return
    if (this.#events.length >= this.most) {
      // Progress is told again soon; nothing else may be lost.
      if (event.type !== 'progress') this.#fallBehind()
      return
    }
    const fresh = this.position.take(event)
    if (fresh === undefined) return
    const waiting = this.#waiting.shift()
    if (waiting) waiting.resolve({ done: false, value: fresh })
    else this.#events.push(fresh)
    if (fresh.type === 'job' && hasEnded(fresh.data.state)) this.#end()
  }

  /** Ends the loop with an error, after what it has not taken yet. */
  fail(value: unknown): void {
    if (this.#state === 'ended') return
    this.#error = { value }
    this.#end()
  }

  async next(): Promise<IteratorResult<FollowEvent, undefined>> {
    if (this.#state === 'new') this.#begin()
    const value = this.#events.shift()
    if (value !== undefined) {
      if (this.#events.length === 0 && this.#state === 'behind') this.#catchUp()
      return { done: false, value }
    }
    if (this.#state === 'ended') return this.#last()
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Ends the loop at once, also one that waits. */
  async return(): Promise<IteratorResult<FollowEvent, undefined>> {
    this.#events = []
    this.#end()
    return done
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #begin(): void {
    this.#state = 'reading'
    if (this.signal?.aborted) this.#abort()
    else {
      this.signal?.addEventListener('abort', this.#abort, { once: true })
      this.source.want(this)
    }
  }

  #abort = (): void => {
    this.#events = []
    this.fail(this.signal?.reason)
  }

  #fallBehind(): void {
    this.#state = 'behind'
    this.source.pause(this)
  }

  #catchUp(): void {
    this.#state = 'reading'
    this.source.want(this)
  }

  #end(): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.signal?.removeEventListener('abort', this.#abort)
    this.source.leave(this)
    for (const { resolve, reject } of this.#waiting.splice(0)) this.#last().then(resolve, reject)
  }

  /** The error once, to one who asks; then, and otherwise, the end. */
  async #last(): Promise<IteratorResult<FollowEvent, undefined>> {
    const error = this.#error
    this.#error = undefined
    if (error) throw error.value
    return done
  }
}
