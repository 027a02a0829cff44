import { Problem } from '../job/errors.ts'

/** What is open for as long as a client likes, and is to be ended when the server stops: SSE streams and sockets. */
export class Streams {
  #ends = new Set<() => void>()
  #closed = false

  /** `most` is how many there may be. */
  constructor(readonly most = Number.POSITIVE_INFINITY) {}

  /** To be called before a stream is opened. Throws a Problem (`unavailable`) if there are as many as there may be, or the server stops. */
  checkRoom(): void {
    if (this.#closed) throw new Problem('unavailable', 'The server is stopping.')
    if (this.size >= this.most)
      throw new Problem('unavailable', `Expected at most ${this.most} open sockets and event streams.`)
  }

  /** Registers how to end a stream; returns what takes it off the list. To one that comes too late it happens at once. */
  add(end: () => void): () => void {
    if (this.#closed) end()
    else this.#ends.add(end)
    return () => void this.#ends.delete(end)
  }

  get closed(): boolean {
    return this.#closed
  }

  get size(): number {
    return this.#ends.size
  }

  /** Ends everything that is open. May be called again. */
  close(): void {
    this.#closed = true
    const ends = [...this.#ends]
    this.#ends.clear()
    for (const end of ends) end()
  }
}
