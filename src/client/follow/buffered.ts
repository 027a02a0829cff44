import type { FollowEvent } from '../../job/events.ts'
import { Loop } from './loop.ts'

/** A loop over events of jobs, for which a few wait while it is slow. */
export abstract class Buffered extends Loop<FollowEvent> {
  #events: FollowEvent[] = []

  constructor(
    signal: AbortSignal,
    /** How many events wait, at most. */
    readonly most: number,
  ) {
    super(signal)
  }

  /** Whether so much waits that nothing more is to come. */
  get full(): boolean {
    return this.#events.length >= this.most
  }

  get empty(): boolean {
    return this.#events.length === 0
  }

  take(event: FollowEvent): void {
    if (!this.hand(event)) this.#events.push(event)
  }

  /** All that waited has been taken. */
  protected abstract emptied(): void

  protected shift(): FollowEvent | undefined {
    const event = this.#events.shift()
    if (event !== undefined && this.empty) this.emptied()
    return event
  }

  protected clear(): void {
    this.#events = []
  }
}
