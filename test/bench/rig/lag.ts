import { quantile } from '../statistics.ts'

export interface Lagged {
  p50Ms: number
  p99Ms: number
  mostMs: number
}

/** How far apart those are who come. */
const everyMs = 5

/**
 * How long who comes at any moment waits for the event loop of this process: the moments are evenly spread, and all of those within
 * one standstill count, of which a timer that is set anew each time would count the first.
 */
export class Lag {
  #delays: number[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #next = 0

  start(): void {
    this.#delays = []
    this.#next = performance.now() + everyMs
    this.#wait()
  }

  stop(): Lagged {
    clearTimeout(this.#timer)
    const of = (q: number) => quantile(this.#delays, q)
    return { p50Ms: of(0.5), p99Ms: of(0.99), mostMs: of(1) }
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#come(), Math.max(0, this.#next - performance.now()))
  }

  #come(): void {
    const now = performance.now()
    for (; this.#next <= now; this.#next += everyMs) this.#delays.push(now - this.#next)
    this.#wait()
  }
}
