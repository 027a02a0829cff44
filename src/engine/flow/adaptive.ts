import type { Adaptive as Bounds } from '../../job/queues.ts'

/** How many run at once when nothing is known yet: few, so that it is seen how long an attempt takes that nothing slows down. */
const first = 2
/** What is left of the limit when the upstream is overloaded. */
const decrease = 0.7
/** The weight of the latest attempt in the average of how long they take. */
const latest = 0.1
/** How many attempts make an average. */
const enough = 10
/** How fast the shortest average gives way, at the lower bound. */
const rise = 0.05
/** Attempts take too long when their average is this many times the shortest … */
const factor = 2
/** … and longer by this many milliseconds, as times of a few milliseconds double by chance. */
const slackMs = 10

/**
 * How many tasks run at once, found by trial: one more for each round that went well, 0.7 of it when the upstream says that it is
 * overloaded, or takes twice as long as at best (additive increase, multiplicative decrease, as TCP does, RFC 5681). It begins with two,
 * and doubles them with each round until the first step back. What was sent before a step back says nothing new: there is no
 * further one until as many attempts have ended as ran then.
 *
 * An upstream that takes longer for another reason brings it down to the lower bound, where it cannot be the cause: there, and only
 * there, it gets used to longer times, and grows again.
 */
export class Adaptive {
  #bounds: Bounds
  #limit: number
  /** Whether it never stepped back. */
  #isNew = true
  /** How many ends are still to come of what was sent before the last step back. */
  #stale = 0
  /** The most that ran in this round, and how many have ended in it. */
  #peak = 0
  #ends = 0
  #average = 0
  /** How many attempts the average is of, up to what is enough. */
  #measured = 0
  #shortest = Number.POSITIVE_INFINITY

  constructor(bounds: Bounds) {
    this.#bounds = bounds
    this.#limit = this.#bounded(first)
  }

  get limit(): number {
    return Math.floor(this.#limit)
  }

  retune(bounds: Bounds): void {
    this.#bounds = bounds
    this.#limit = this.#bounded(this.#limit)
  }

  /** The upstream refused a task because it has too much to do. */
  overloaded(running: number): void {
    if (this.#stale === 0) this.#stepBack(running)
  }

  /** An attempt ended well after `ms`; `running` is how many ran, this one included. */
  succeeded(ms: number, running: number): void {
    this.#measure(ms)
    this.#peak = Math.max(this.#peak, running)
    if (this.#stale > 0) this.#stale -= 1
    else if (this.#isSlow) this.#stepBack(running)
    // A queue that does not use half of what it has learns nothing of what more would do.
    else if (this.#peak >= this.limit / 2) this.#grow()
    this.#ends += 1
    if (this.#ends < this.limit) return
    this.#ends = 0
    this.#peak = 0
  }

  /** An attempt ended in another way. */
  ended(): void {
    if (this.#stale > 0) this.#stale -= 1
  }

  #measure(ms: number): void {
    this.#measured = Math.min(enough, this.#measured + 1)
    this.#average += (ms - this.#average) * Math.max(latest, 1 / this.#measured)
    if (this.#measured < enough) return
    this.#shortest = Math.min(this.#shortest, this.#average)
    if (this.limit <= this.#bounds.min) this.#shortest += (this.#average - this.#shortest) * rise
  }

  get #isSlow(): boolean {
    return this.#average > Math.max(factor * this.#shortest, this.#shortest + slackMs)
  }

  #grow(): void {
    this.#limit = this.#bounded(this.#limit + (this.#isNew ? 1 : 1 / this.limit))
  }

  #stepBack(running: number): void {
    this.#limit = this.#bounded(this.#limit * decrease)
    this.#stale = running
    this.#isNew = false
  }

  #bounded(limit: number): number {
    return Math.min(this.#bounds.max, Math.max(this.#bounds.min, limit))
  }
}
