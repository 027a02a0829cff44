/** What a kill can wait for. A `knock` is a readiness probe that finds the server not there yet. */
export type Happening = 'end' | 'submission' | 'acknowledgement' | 'knock'

/** Counts what happens, by name, and tells who waits for a number of it. */
export class Pulse {
  #counts = new Map<Happening, number>()
  #waiting = new Set<{ goals: readonly Goal[]; resolve: (reached: Happening) => void }>()

  of(name: Happening): number {
    return this.#counts.get(name) ?? 0
  }

  beat(name: Happening): void {
    const count = this.of(name) + 1
    this.#counts.set(name, count)
    for (const waiting of this.#waiting) {
      if (!waiting.goals.some((goal) => goal.name === name && goal.count <= count)) continue
      this.#waiting.delete(waiting)
      waiting.resolve(name)
    }
  }

  /** Resolves with the name of the first of the goals that is reached, counted from now. */
  next(...goals: Goal[]): Promise<Happening> {
    const counted = goals.map(({ name, count }) => ({ name, count: this.of(name) + count }))
    const { promise, resolve } = Promise.withResolvers<Happening>()
    this.#waiting.add({ goals: counted, resolve })
    return promise
  }
}

export interface Goal {
  name: Happening
  count: number
}
