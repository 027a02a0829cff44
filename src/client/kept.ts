/**
 * What is asked for when it is first needed, and kept until it turns out to be of no use. It is never asked for twice at a
 * time: whoever comes meanwhile gets the same answer. One that fails is not kept.
 */
export class Kept<T> {
  #asked: Promise<T> | undefined
  /** What is kept, once it is there. */
  #value: { is: T } | undefined

  constructor(readonly ask: () => T | Promise<T>) {}

  get(): Promise<T> {
    return this.#asked ?? this.#ask()
  }

  /** Asks anew, unless that is going on. */
  renewed(): Promise<T> {
    return this.#value || this.#asked === undefined ? this.#ask() : this.#asked
  }

  /** This value is of no use: the next who needs one asks. */
  drop(value: T): void {
    if (this.#value?.is !== value) return
    this.#value = undefined
    this.#asked = undefined
  }

  /** Keeps this in place of what would be asked for. */
  put(value: T): void {
    this.#value = { is: value }
    this.#asked = Promise.resolve(value)
  }

  #ask(): Promise<T> {
    const asked = (async () => this.ask())()
    this.#asked = asked
    this.#value = undefined
    asked.then(
      (value) => {
        if (this.#asked === asked) this.#value = { is: value }
      },
      () => {
        if (this.#asked === asked) this.#asked = undefined
      },
    )
    return asked
  }
}
