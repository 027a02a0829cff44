/**
 * Where tasks wait until the test lets them end: over HTTP, so that they can be in whatever process. Nobody is let
 * through by name; a server that dies takes those that waited in it along.
 */
export class Gate implements Disposable {
  #waiting = new Set<() => void>()
  #open = false
  readonly #server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    fetch: ({ signal }) => this.#pass(signal),
  })

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`
  }

  /** Lets so many of those that wait go on, the longest waiting first. */
  let(count: number): void {
    for (const pass of [...this.#waiting].slice(0, count)) pass()
  }

  /** Lets everybody go on, and whoever comes. */
  open(): void {
    this.#open = true
    this.let(this.#waiting.size)
  }

  shut(): void {
    this.#open = false
  }

  [Symbol.dispose](): void {
    this.open()
    void this.#server.stop(true)
  }

  #pass(signal: AbortSignal): Response | Promise<Response> {
    if (this.#open) return new Response()
    return new Promise((resolve) => {
      const pass = () => {
        this.#waiting.delete(pass)
        resolve(new Response())
      }
      this.#waiting.add(pass)
      signal.addEventListener('abort', pass)
    })
  }
}
