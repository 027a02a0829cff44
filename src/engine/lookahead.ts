/** The work at hand is what ended lately: after a pause this long, in milliseconds, nothing is. */
const lateMs = 20

/**
 * How many tasks to have at hand beyond those that run, so that a place is filled again without waiting for a commit:
 * as many as ended since the last one. Work that is slow, or has just begun, claims nothing ahead.
 */
export class Lookahead {
  #committedAt = 0

  constructor(readonly most: number) {}

  /** To be asked as a commit begins, with how many attempts ended since the last. */
  after(ended: number, now: number): number {
    return now - this.#committedAt <= lateMs ? Math.min(ended, this.most) : 0
  }

  /** To be told when it is over: a disk that takes long is no pause. */
  committed(now: number): void {
    this.#committedAt = now
  }
}
