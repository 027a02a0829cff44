/** A moment by which all must be done; `what` says, if it is not, what was left to do. */
export class Deadline implements Disposable {
  readonly passed: Promise<never>
  readonly #timer: ReturnType<typeof setTimeout>

  constructor(ms: number, what: () => string) {
    const { promise, reject } = Promise.withResolvers<never>()
    this.passed = promise
    this.#timer = setTimeout(() => reject(new Error(`Not done after ${ms} ms: ${what()}`)), ms)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}
