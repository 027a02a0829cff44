import type { Statements } from './statements/index.ts'

/** Remembered names, so that a job of many tasks for a few hosts looks each of them up once. */
const mostRemembered = 10_000

/** The short number of each queue's name. */
export class QueueNames {
  #numbers = new Map<string, number>()

  constructor(readonly statements: Statements) {}

  numberOf(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    const { number } = this.statements.queueByName.get({ name }) ?? this.statements.insertQueue.get({ name })
    if (this.#numbers.size >= mostRemembered) this.#numbers.clear()
    this.#numbers.set(name, number)
    return number
  }

  /** After a rollback, a number that was remembered may never have been written. */
  forget(): void {
    this.#numbers.clear()
  }
}
