/** Open while the server is up. */
export class Gate {
  #isOpen = false
  #opened = Promise.withResolvers<void>()

  open(): void {
    this.#isOpen = true
    this.#opened.resolve()
  }

  /** Whoever waits already goes on waiting for the same opening. */
  close(): void {
    if (this.#isOpen) this.#opened = Promise.withResolvers()
    this.#isOpen = false
  }

  passed(): Promise<void> {
    return this.#opened.promise
  }
}

/** Asks until there is an answer: when the server dies over the request, again as soon as it is back. */
export const persist = async <T>(gate: Gate, ask: () => Promise<T>): Promise<T> => {
  for (;;) {
    await gate.passed()
    try {
      return await ask()
    } catch (error) {
      if (!isConnectionLost(error) && !(error instanceof Unavailable)) throw error
    }
  }
}

/** The server said that it stops: nothing was done, and it is to be asked again. */
export class Unavailable extends Error {}

/** `fetch` gives its errors of the network a code; one of ours has none. */
const isConnectionLost = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
