import type { QueueView } from '../../job/queue-wire.ts'

/** What brings queues to a loop. */
export interface QueueSource {
  /** The loop has begun. */
  want(loop: QueueLoop): void
  /** The loop wants nothing more. */
  leave(loop: QueueLoop): void
}

interface Waiting {
  resolve(result: IteratorResult<QueueView, undefined>): void
  reject(error: unknown): void
}

const done = { done: true, value: undefined } as const

/**
 * One loop over what happens to some queues. Of a queue that changes again before the loop has taken it, only the latest
 * state waits: a slow loop costs no more than there are queues.
 */
export class QueueLoop implements AsyncIterableIterator<QueueView, undefined> {
  /** Those that were not open when they were last told of: they may be by the time that a lost connection is won back. */
  readonly troubled = new Map<string, QueueView>()
  #latest = new Map<string, QueueView>()
  #waiting: Waiting[] = []
  #state: 'new' | 'reading' | 'ended' = 'new'
  #error: { value: unknown } | undefined

  constructor(
    readonly source: QueueSource,
    /** A name, or a pattern of names. */
    readonly pattern: string,
    readonly signal: AbortSignal,
  ) {}

  put(queue: QueueView): void {
    if (this.#state !== 'reading') return
    if (queue.status === 'open') this.troubled.delete(queue.name)
    else this.troubled.set(queue.name, queue)
    const waiting = this.#waiting.shift()
    if (waiting) waiting.resolve({ done: false, value: queue })
    else this.#latest.set(queue.name, queue)
  }

  /** Ends the loop with an error, after what it has not taken yet. */
  fail(value: unknown): void {
    if (this.#state === 'ended') return
    this.#error = { value }
    this.#end()
  }

  async next(): Promise<IteratorResult<QueueView, undefined>> {
    if (this.#state === 'new') this.#begin()
    for (const [name, value] of this.#latest) {
      this.#latest.delete(name)
      return { done: false, value }
    }
    if (this.#state === 'ended') return this.#last()
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Ends the loop at once, also one that waits. */
  async return(): Promise<IteratorResult<QueueView, undefined>> {
    this.#latest.clear()
    this.#end()
    return done
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #begin(): void {
    this.#state = 'reading'
    if (this.signal.aborted) this.#abort()
    else {
      this.signal.addEventListener('abort', this.#abort, { once: true })
      this.source.want(this)
    }
  }

  #abort = (): void => {
    this.#latest.clear()
    this.fail(this.signal.reason)
  }

  #end(): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.signal.removeEventListener('abort', this.#abort)
    this.source.leave(this)
    for (const { resolve, reject } of this.#waiting.splice(0)) this.#last().then(resolve, reject)
  }

  /** The error once, to one who asks; then, and otherwise, the end. */
  async #last(): Promise<IteratorResult<QueueView, undefined>> {
    const error = this.#error
    this.#error = undefined
    if (error) throw error.value
    return done
  }
}
