/** What is open for as long as a client likes, and is to be ended when the server stops: SSE streams and sockets. */
export class Streams {
  #ends = new Set<() => void>()
  #closed = false

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
