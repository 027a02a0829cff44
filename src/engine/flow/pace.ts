/** How long a measurement lasts at least. */
const sampleMs = 1_000
/** How fast what was measured before is forgotten: the pace follows a change within about five seconds. */
const memoryMs = 2_800

/** How many starts a second there are, lately: an estimate that costs an addition each. */
export class Pace {
  #since: number
  #count = 0
  #rate: number | undefined

  constructor(now: number) {
    this.#since = now
  }

  note(now: number): void {
    if (now - this.#since >= sampleMs) {
      this.#rate = this.#measure(now)
      this.#since = now
      this.#count = 0
    }
    this.#count += 1
  }

  perSecond(now: number): number {
    return now - this.#since >= sampleMs || this.#rate === undefined ? this.#measure(now) : this.#rate
  }

  #measure(now: number): number {
    const elapsed = Math.max(sampleMs, now - this.#since)
    const measured = (this.#count / elapsed) * 1_000
    if (this.#rate === undefined) return measured
    return measured + (this.#rate - measured) * Math.exp(-elapsed / memoryMs)
  }
}
