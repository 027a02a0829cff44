import type { Batch, Committed } from '../../store/store.ts'
import { AttemptTally } from './attempts.ts'
import { CommitTally } from './commits.ts'
import { Histogram } from './histogram.ts'

/** The event loop is late by what keeps it busy: a few milliseconds at full load. In milliseconds. */
const lateBoundsMs = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000]

/** What a server has done since it started, counted in memory: with each start it begins anew. */
export class Tally {
  readonly attempts: AttemptTally
  readonly commits = new CommitTally()
  /** How late the event loop came to what was due, twice a second, in milliseconds. */
  readonly late = new Histogram(lateBoundsMs)

  constructor(kinds: Iterable<string>) {
    this.attempts = new AttemptTally(kinds)
  }

  /** A batch of that time is on disk. */
  committed(batch: Batch, committed: Committed, now: number): void {
    this.commits.wrote(batch, committed, now)
    this.attempts.settled(batch.settlements, committed.settled)
  }
}
