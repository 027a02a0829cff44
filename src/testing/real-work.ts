import type { Kind } from '../kinds/kind.ts'
import type { Kinds } from '../kinds/kinds.ts'

/** Kinds that wait for the clock of the test, and for nothing else. */
const driven: readonly string[] = ['sleep']

/** Keeps count of the runs that take real time: requests, queries, mails and handlers. Meanwhile the clock of a test must stand still. */
export class RealWork {
  #running = 0
  #resting: (() => void)[] = []

  /** The same kinds, whose runs are counted. */
  watch(kinds: Kinds): Kinds {
    const watched = Object.entries(kinds).map(([name, kind]) => [
      name,
      driven.includes(name) ? kind : this.#watched(kind),
    ])
    // It has the names that it had.
    return Object.fromEntries(watched) as Kinds
  }

  get running(): boolean {
    return this.#running > 0
  }

  /** Resolves when none runs; at once, if that is so. */
  async over(): Promise<void> {
    while (this.#running > 0) await new Promise<void>((resolve) => this.#resting.push(resolve))
  }

  #watched(kind: Kind): Kind {
    return new Proxy(kind, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target)
        if (typeof value !== 'function') return value
        if (property !== 'run') return value.bind(target)
        return (...given: unknown[]) => this.#during(async () => Reflect.apply(value, target, given))
      },
    })
  }

  async #during<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1
    try {
      return await work()
    } finally {
      this.#running -= 1
      if (this.#running === 0) for (const resolve of this.#resting.splice(0)) resolve()
    }
  }
}
