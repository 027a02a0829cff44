import { type EndedState, hasEnded } from '../../job/state.ts'
import type { AttemptResult, Settlement } from '../../store/store.ts'
import { Histogram } from './histogram.ts'

/** An attempt may take a millisecond or a day; most are requests. In milliseconds. */
const boundsMs = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000]

type Results = Record<AttemptResult['type'], number>
type Ends = Record<EndedState, number>

/** The attempts of one kind of task. */
export class KindTally {
  /** How attempts ended. */
  readonly results: Results = { succeeded: 0, failed: 0, retry: 0, snooze: 0, release: 0, cancelled: 0 }
  /** How long they took, in milliseconds. */
  readonly durations = new Histogram(boundsMs)
  /** How tasks ended that were claimed; it is on disk. */
  readonly ended: Ends = { succeeded: 0, failed: 0, cancelled: 0 }
}

/** Attempts by kind of task. Told of each, so it does no more than add. */
export class AttemptTally {
  readonly kinds: ReadonlyMap<string, KindTally>
  /** The kind that was asked for last: the next is mostly the same, and to look it up takes longer than to add. */
  #last: KindTally | undefined
  #lastKind = ''

  /** Nothing else is counted than these kinds: no other can start. */
  constructor(kinds: Iterable<string>) {
    this.kinds = new Map([...kinds].map((name) => [name, new KindTally()]))
  }

  ended(kind: string, result: AttemptResult['type'], ms: number): void {
    const tally = this.#of(kind)
    if (tally === undefined) return
    tally.results[result] += 1
    tally.durations.add(ms)
  }

  /** These ends were committed; `held` says of each whether it was still to be settled. */
  settled(settlements: readonly Settlement[], held: readonly boolean[]): void {
    // By index: entries would be an array for each.
    let i = -1
    for (const { claim, result } of settlements) {
      i += 1
      if (held[i] && hasEnded(result.type)) this.#end(claim.kind, result.type)
    }
  }

  #end(kind: string, state: EndedState): void {
    const tally = this.#of(kind)
    if (tally) tally.ended[state] += 1
  }

  #of(kind: string): KindTally | undefined {
    if (kind === this.#lastKind) return this.#last
    this.#lastKind = kind
    this.#last = this.kinds.get(kind)
    return this.#last
  }
}
