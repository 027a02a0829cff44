import type { Batch, Committed } from '../../src/store/store.ts'
import type { Act } from './plan.ts'

/** Two times: of the wall, which may be put forward or back, and of timers, which may not. */
export interface Moment {
  /** Milliseconds since the epoch, by the wall. */
  at: number
  /** Milliseconds that have passed. */
  elapsed: number
}

export interface Committing {
  batch: Batch
  committed: Committed
}

/** What the real service did, as it is seen from outside: at its store, and by what its tasks do. */
export type Event =
  | ({ type: 'committed' } & Committing & Moment)
  | ({ type: 'rescued' } & Moment)
  | ({ type: 'started'; job: string; index: number; attempt: number; act: Act } & Moment)
