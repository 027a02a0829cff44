/**
 * The longest that an upstream may close a queue for, in milliseconds: one day, the longest window that quotas commonly have. A
 * header that asks for more is more likely wrong, and must not stop a queue for years; if it was right, the one task that is
 * tried then brings the next pause.
 */
export const longestPauseMs = 86_400_000

export interface Pause {
  at: number
  until: number
  why: string
}

/**
 * The pauses that an upstream asks for, and how a queue comes back from one when nothing is known of how much it may send:
 * by slow start, as TCP does after a loss (RFC 5681). After the pause one task runs at once, and one more with each that
 * is not refused, so the number doubles with every round, up to half of how many ran when it was refused; from there it
 * grows by one a round. Once as many run as before, all is forgotten. Refused again, it begins anew with half of what it had reached.
 * So of an upstream that answers with 429 and `Retry-After` alone, and never says what it takes, ever fewer requests are refused.
 */
export class Throttle {
  #pause: Pause | undefined
  /** How many may run at once; without end when there is no slow start. */
  #allowed = Number.POSITIVE_INFINITY
  #half = 1
  #before = 0

  /** The last pause, whether or not it is over. */
  get pause(): Pause | undefined {
    return this.#pause
  }

  /** How many tasks may run at once. */
  get allowed(): number {
    return Math.floor(this.#allowed)
  }

  /** Whether it slows nothing down any more. */
  isOver(now: number): boolean {
    return !this.isClosed(now) && this.#allowed === Number.POSITIVE_INFINITY
  }

  isClosed(now: number): boolean {
    return this.#pause !== undefined && now < this.#pause.until
  }

  /**
   * Begins or extends a pause; one that ends earlier than the present one changes nothing. `running` is how many ran when it was
   * refused; with `slowly`, the pause is followed by a slow start.
   */
  refuse(ms: number, why: string, { now, running, slowly }: Refusal): void {
    const present = this.isClosed(now) ? this.#pause : undefined
    if (slowly) this.#slowDown(running)
    const until = now + Math.min(Math.max(0, ms), longestPauseMs)
    if (until > (present?.until ?? now)) this.#pause = { at: present?.at ?? now, until, why }
  }

  /** Takes over a pause from before a restart; nobody knows what ran then, so `running` is what may run at most. */
  resume(pause: Pause, now: number, running: number): void {
    this.#pause = { ...pause, until: Math.min(pause.until, now + longestPauseMs) }
    this.#slowDown(running)
  }

  /** A task ended that was not refused. */
  passed(now: number): void {
    if (this.#allowed === Number.POSITIVE_INFINITY || this.isClosed(now)) return
    this.#allowed += this.#allowed < this.#half ? 1 : 1 / this.#allowed
    if (this.#allowed >= this.#before) {
      this.#allowed = Number.POSITIVE_INFINITY
      this.#before = 0
    }
  }

  #slowDown(running: number): void {
    const reached = Math.min(running, this.#allowed)
    // More refusals of what was sent together say nothing new, nor does that of the one task which was to try whether it is over.
    if (this.#allowed > 1) this.#half = Math.max(1, Math.floor(reached / 2))
    this.#before = Math.max(this.#before, running, 2)
    this.#allowed = 1
  }
}

export interface Refusal {
  now: number
  /** How many tasks ran, or were about to. */
  running: number
  slowly: boolean
}
