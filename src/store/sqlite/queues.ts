import type { Statements } from './statements/index.ts'

/** Remembered names, so that a job of many tasks for a few hosts looks each of them up once. */
const mostRemembered = 10_000

/** The short number of each queue's name, and how far each queue has come with those that take turns in it. */
export class QueueNames {
  #numbers = new Map<string, number>()
  #names = new Map<number, string>()
  #turns = new Map<number, number>()

  constructor(readonly statements: Statements) {}

  numberOf(name: string): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    const { number } = this.statements.queueByName.get({ name }) ?? this.statements.insertQueue.get({ name })
    this.#remember(number, name)
    return number
  }

  nameOf(number: number): string {
    const known = this.#names.get(number)
    if (known !== undefined) return known
    const row = this.statements.queueByNumber.get({ number })
    if (row === undefined) throw new Error(`The database names no queue ${number}`)
    this.#remember(number, row.name)
    return row.name
  }

  /** How far those that were served last had come: where a new lane joins those that wait for the same queue. */
  turnOf(number: number): number {
    return this.#turns.get(number) ?? 0
  }

  reached(number: number, pass: number): void {
    if (pass <= this.turnOf(number)) return
    if (this.#turns.size >= mostRemembered) this.#turns.clear()
    this.#turns.set(number, pass)
  }

  /** After a rollback, a number that was remembered may never have been written. */
  forget(): void {
    this.#numbers.clear()
    this.#names.clear()
  }

  #remember(number: number, name: string): void {
    if (this.#numbers.size >= mostRemembered) this.forget()
    this.#numbers.set(name, number)
    this.#names.set(number, name)
  }
}
