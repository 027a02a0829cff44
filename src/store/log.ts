import type { EndedState } from '../job/state.ts'
import type { JobRecord, TaskChange, TaskRecord } from './store.ts'

/** What is read of a job's log, in the order of seq. */

export interface Changes {
  job: JobRecord
  tasks: TaskChange[]
  /** Whether more changes than `limit` were there to read. */
  more: boolean
}

export interface Ends {
  job: JobRecord
  tasks: TaskEnd[]
  /** Up to where the log was read: what ends later has a higher seq. */
  seq: number
  /** Whether there may be more to read. */
  more: boolean
}

export interface EndsQuery {
  /** Only tasks whose end has a higher seq. */
  after: number
  /** How many changes to look at, at most. */
  limit: number
  /** Enough once the outputs have so many bytes; the last of them may go beyond. */
  bytes: number
}

/** What came of a task, whole. */
export type TaskEnd = Pick<TaskRecord, 'index' | 'key' | 'attempt' | 'seq' | 'output' | 'error'> & {
  state: EndedState
}
