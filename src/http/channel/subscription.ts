import type { Following } from '../../engine/follow.ts'
import type { Filter } from '../../job/filter.ts'

/** A selection, as the reason why a job is followed. */
export interface Cause {
  readonly filter: Filter | undefined
  /** Aborted when its jobs are selected no longer. */
  readonly signal: AbortSignal
  /** Jobs that were told to their end before it found them, because others had. */
  readonly over: Set<string>
}

/** A job that a socket follows. */
export class Subscription {
  follower: Following | undefined
  filter: Filter | undefined
  /** The selection as which it is told, or undefined when it was subscribed to by itself. */
  by: Cause | undefined
  /** All selections that it is in. */
  readonly causes = new Set<Cause>()
  /** Selections that it is in, and that are still to find it. */
  heirs: readonly Cause[] = []
  /** Whether it has gone on after an end that the socket may still have to take. */
  again = false
  /** Whether the client knows of it. */
  known: boolean
  readonly #told = Promise.withResolvers<void>()

  constructor(
    readonly job: string,
    /** Where a follower begins: the last seq that was sent, or from where it was asked for. Undefined: now, with a snapshot. */
    public position: number | undefined,
  ) {
    this.known = (position ?? 0) > 0
  }

  /** Resolves when something of the job was sent, or will never be. */
  get told(): Promise<void> {
    return this.#told.promise
  }

  sent(seq: number | undefined): void {
    this.position = seq ?? this.position
    this.known = true
    this.#told.resolve()
  }

  over(): void {
    this.#told.resolve()
  }
}
