export type MissedPolicy = 'skip' | 'once'
export type OverlapPolicy = 'allow' | 'skip' | 'replace'

/** A job that is submitted again and again. */
export interface ScheduleRecord {
  id: string
  name: string | undefined
  cron: string
  timeZone: string
  /** What to do about ticks that passed while nobody was there: nothing, or one job for all of them. */
  missed: MissedPolicy
  /** What to do when the job before has not ended. */
  overlap: OverlapPolicy
  /** The job to submit, as JSON text of what `POST /jobs` takes. */
  job: string
  /** Who it belongs to, for quotas. */
  owner: string | undefined
  pausedAt: number | undefined
  /** Undefined when it is paused, or its expression matches no more. */
  nextAt: number | undefined
  /** When it last came to a tick, or was run by hand. */
  lastAt: number | undefined
  /** The id of the job that it made last. */
  lastJob: string | undefined
  /** Why it made no job then, if it made none. */
  lastSkip: string | undefined
  createdAt: number
  /** When somebody last changed it; rises with every change, so that it also numbers them. */
  updatedAt: number
}

export interface ScheduleQuery {
  /** Only ids after this one. */
  after?: string | undefined
  limit: number
}

export type ScheduleChange =
  /**
   * Creates it, or changes what it is told to do: only done if it was last changed at `was`, undefined for one that is not
   * there. What it has done stays, and so does its next tick if it ticks as before.
   */
  | { type: 'put'; schedule: ScheduleRecord; was: number | undefined }
  | { type: 'remove'; id: string }
  /** A tick that makes no job: only done if the schedule still stands at `at`. */
  | { type: 'skip'; id: string; at: number; nextAt: number | undefined; why: string }

/** Says that a job is made by a tick: it is submitted only if the schedule still stands at `at`, and moves it on. */
export interface Tick {
  schedule: string
  at: number
  nextAt: number | undefined
}
