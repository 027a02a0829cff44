import type { FollowEvent } from '../../job/events.ts'
import { hasEnded } from '../../job/state.ts'
import { union } from './filter.ts'
import type { Line } from './line.ts'
import type { Reader } from './reader.ts'

/**
 * One job on the line, and those who read it: one subscription serves them all. It is made anew, from where the one
 * furthest back is, when a reader joins or has caught up; the others take out what they have seen.
 */
export class Topic {
  readonly readers = new Set<Reader>()
  /** `leaving`: the server was told, and may still be sending what it had begun. */
  #wire: 'off' | 'on' | 'leaving' = 'off'
  #fence = 0
  /** Whether anything has come of the subscription. */
  #answered = false

  constructor(
    readonly job: string,
    readonly line: Line,
    /** Gives a number that no other ping of the line has; its answer is to be {@link Topic.passed}. */
    readonly nextFence: (topic: Topic) => number,
  ) {}

  /** Whether nobody reads it and nothing of it can arrive. */
  get idle(): boolean {
    return this.readers.size === 0 && this.#wire === 'off'
  }

  /** Whether the server was asked for it, and has not answered yet. */
  get unanswered(): boolean {
    return this.#wire === 'on' && !this.#answered
  }

  /** A reader wants what comes after its own position. */
  refresh(): void {
    if (this.#wire === 'on') this.#leave()
    else if (this.#wire === 'off') this.#enter()
  }

  /** A reader is behind, or has left. */
  relax(): void {
    if (this.#wire === 'on' && this.#listening().length === 0) this.#leave()
  }

  /** The line is up, or down: either way the server knows of no subscription. */
  reset(): void {
    this.#wire = 'off'
    this.#enter()
  }

  deliver(event: FollowEvent): void {
    if (this.#wire !== 'on') return
    this.#answered = true
    // The server ends the subscription by itself.
    if (event.type === 'job' && hasEnded(event.data.state)) this.#wire = 'off'
    for (const reader of [...this.readers]) reader.put(event)
  }

  /** The server refused, or ended, the subscription. */
  fail(error: unknown): void {
    if (this.#wire === 'leaving') return
    this.#wire = 'off'
    for (const reader of [...this.readers]) reader.fail(error)
  }

  /** The answer to a ping that was sent after an `unsubscribe`: nothing of the old subscription will follow it. */
  passed(fence: number): void {
    if (this.#wire !== 'leaving' || fence !== this.#fence) return
    this.#wire = 'off'
    this.#enter()
  }

  #enter(): void {
    const listening = this.#listening()
    if (listening.length === 0 || !this.line.up) return
    this.#wire = 'on'
    this.#answered = false
    const seen = listening.flatMap(({ position }) => position.seen ?? [])
    // One who has seen nothing begins at the snapshot, which comes in any case.
    const after = seen.length === 0 ? {} : { after: Math.min(...seen) }
    const filter = union(listening.map((reader) => reader.filter))
    this.line.send({ type: 'subscribe', job: this.job, ...after, ...filter })
  }

  /**
   * An event says which job it is of, not which subscription. One of the old, taken for one of the new, would move a
   * reader past what the new has yet to tell; so nothing is asked for before the old is known to be over.
   */
  #leave(): void {
    this.#wire = 'leaving'
    this.#fence = this.nextFence(this)
    this.line.send({ type: 'unsubscribe', job: this.job })
    this.line.send({ type: 'ping', id: this.#fence })
  }

  #listening(): Reader[] {
    return [...this.readers].filter(({ listening }) => listening)
  }
}
