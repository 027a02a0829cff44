import type { Acted, Action, JobRecord, NewJob, Store, Submitted } from '../store/store.ts'
import type { FollowOptions } from './follow.ts'
import type { Frame } from './frame.ts'

/** What the rest of Sheaf sees of the engine. */
export interface Engine {
  /** For reading; every change goes through the methods below. */
  readonly store: Store
  /** Rescues what a dead process left running, then starts to claim. */
  start(): Promise<void>
  /** Stops to claim, waits for what runs (at most the grace period), releases the rest. May be called again. */
  stop(): Promise<void>
  /** Resolves when the job and all its tasks are on disk. Throws a Problem (`unavailable`). */
  submit(job: NewJob): Promise<Submitted>
  /** Resolves when the change is on disk. Throws a Problem (`unavailable`). */
  act(action: Action): Promise<Acted>
  /**
   * Everything that happens to a job, in order and without a gap, from `after` on (or from now, with a snapshot).
   * Ends after the job's last event. Throws a Problem (`not_found`, or `invalid` when `after` lies in the future).
   */
  follow(job: string, options: FollowOptions): AsyncGenerator<Frame>
  /** Resolves with the job when it ends, or as it stands after `ms`; undefined if there is no such job. */
  ended(job: string, ms: number, signal?: AbortSignal): Promise<JobRecord | undefined>
  /** Tasks ended a second, lately. */
  rate(job: JobRecord): number
  health(): Health
}

export type Health = { ok: true } | { ok: false; reason: string }
