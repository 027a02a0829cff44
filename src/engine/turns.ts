import type { Following } from './follow.ts'

/**
 * The followers of one connection that have more to read out of the log. While there is room they take turns, a page each, one
 * after the other: however many they are, what they hold is a page.
 */
export class Turns {
  #waiting = new Set<Following>()
  #busy = false

  constructor(readonly hasRoom: () => boolean) {}

  add(following: Following): void {
    this.#waiting.add(following)
    this.goOn()
  }

  remove(following: Following): void {
    this.#waiting.delete(following)
  }

  /** To be called when there is room again. */
  goOn(): void {
    if (!this.#busy) void this.#serve()
  }

  /** Who has more to read after its turn comes last. */
  async #serve(): Promise<void> {
    this.#busy = true
    for (const following of this.#waiting) {
      if (!this.hasRoom()) break
      this.#waiting.delete(following)
      await following.read()
    }
    this.#busy = false
  }
}
