interface Waiting<T> {
  resolve(result: IteratorResult<T, undefined>): void
  reject(error: unknown): void
}

const done = { done: true, value: undefined } as const

/**
 * What every loop of the client has in common: it begins when it is first asked, gives what has come or waits for it, and
 * ends once, by itself, by an error, by its signal, or because it is left. Whatever way, it then holds nothing.
 */
export abstract class Loop<T extends object> implements AsyncIterableIterator<T, undefined> {
  #waiting: Waiting<T>[] = []
  #state: 'new' | 'going' | 'ended' = 'new'
  #error: { value: unknown } | undefined

  constructor(readonly signal: AbortSignal) {}

  get going(): boolean {
    return this.#state === 'going'
  }

  /** Asks for what the loop is about. */
  protected abstract begin(): void
  /** Wants nothing more. */
  protected abstract leave(): void
  /** Takes the first of what has come. */
  protected abstract shift(): T | undefined
  /** Forgets what has come. */
  protected abstract clear(): void

  /** Gives it to one who waits; returns whether there is one. */
  protected hand(value: T): boolean {
    const waiting = this.#waiting.shift()
    waiting?.resolve({ done: false, value })
    return waiting !== undefined
  }

  /** Ends the loop with an error, after what it has not taken yet. */
  fail(value: unknown): void {
    if (this.#state === 'ended') return
    this.#error = { value }
    this.end()
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#state === 'new') this.#begin()
    const value = this.shift()
    if (value !== undefined) return { done: false, value }
    if (this.#state === 'ended') return this.#last()
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Ends the loop at once, also one that waits. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.clear()
    this.end()
    return done
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Ends the loop, after what it has not taken yet. */
  protected end(): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.signal.removeEventListener('abort', this.#abort)
    this.leave()
    for (const { resolve, reject } of this.#waiting.splice(0)) this.#last().then(resolve, reject)
  }

  #begin(): void {
    this.#state = 'going'
    if (this.signal.aborted) this.#abort()
    else {
      this.signal.addEventListener('abort', this.#abort, { once: true })
      this.begin()
    }
  }

  #abort = (): void => {
    this.clear()
    this.fail(this.signal.reason)
  }

  /** The error once, to one who asks; then, and otherwise, the end. */
  async #last(): Promise<IteratorResult<T, undefined>> {
    const error = this.#error
    this.#error = undefined
    if (error) throw error.value
    return done
  }
}
