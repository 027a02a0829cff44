import { show } from '../../job/errors.ts'
import type { FieldError } from '../../job/explain.ts'

/** The keys of a job's tasks, each of which belongs to one. */
export class Keys {
  readonly #indexes = new Map<string, number>()

  /** `earlier` are keys that tasks have which were stored before. */
  constructor(readonly earlier: ReadonlyMap<string, number> = new Map()) {}

  /** Gives a key to a task; the error if another has it. `nameOf` says how the request has the task. */
  claim(key: string, index: number, nameOf: (index: number) => string): FieldError | undefined {
    const first = this.#indexes.get(key)
    if (first === undefined) {
      this.#indexes.set(key, index)
      return undefined
    }
    const field = `${nameOf(index)}.key`
    const message = `Expected "${field}" to differ from the key of ${nameOf(first)}, got ${show(key)} for both.`
    return { field, message }
  }

  indexOf(key: string): number | undefined {
    return this.#indexes.get(key) ?? this.earlier.get(key)
  }

  /** The first of them. */
  some(most: number): string[] {
    return this.#indexes.keys().take(most).toArray()
  }
}
