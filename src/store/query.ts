import type { Label } from '../job/selection.ts'
import type { JobState, TaskState } from '../job/state.ts'

/** What lists are asked for, and how they come. */

export interface Page<T> {
  data: T[]
  /** Where the next page begins, or undefined at the end. */
  next: number | undefined
}

export interface JobQuery {
  state?: JobState | undefined
  name?: string | undefined
  label?: Label | undefined
  /** Only jobs that this schedule made. */
  schedule?: string | undefined
  /** Only jobs older than this cursor. */
  before?: number | undefined
  limit: number
}

export interface TaskQuery {
  state?: TaskState | undefined
  /** Only tasks from this index on. */
  from?: number | undefined
  limit: number
}

export type TaskAddress = { index: number } | { key: string }
