import { Problem } from '../job/errors.ts'

export const transports = ['websocket', 'sse', 'results'] as const
/** What a stream is: a socket of the channel, the events of a job, or its results as they come. */
export type Transport = (typeof transports)[number]

/** What is open for as long as a client likes, and is to be ended when the server stops: SSE streams and sockets. */
export class Streams {
  readonly #ends = new Map<() => void, Transport>()
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
  add(transport: Transport, end: () => void): () => void {
    if (this.#closed) end()
    else this.#ends.set(end, transport)
    return () => void this.#ends.delete(end)
  }

  get closed(): boolean {
    return this.#closed
  }

  get size(): number {
    return this.#ends.size
  }

  /** How many of a transport are open. */
  open(transport: Transport): number {
    let sum = 0
    for (const one of this.#ends.values()) if (one === transport) sum += 1
    return sum
  }

  /** Ends everything that is open. May be called again. */
  close(): void {
    this.#closed = true
    const ends = [...this.#ends.keys()]
    this.#ends.clear()
    for (const end of ends) end()
  }
}
