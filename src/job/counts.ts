import { endedTaskStates, type TaskState, taskStates } from './state.ts'

/** How many of a job's tasks are in each state; `total` is always their sum. */
export type Counts = { total: number } & Record<TaskState, number>

export const noTasks = (): Counts => ({
  total: 0,
  blocked: 0,
  queued: 0,
  running: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
})

export const endedOf = (counts: Counts) => endedTaskStates.reduce((sum, state) => sum + counts[state], 0)

export const openOf = (counts: Counts) => counts.blocked + counts.queued + counts.running

export const isBalanced = (counts: Counts) =>
  counts.total === taskStates.reduce((sum, state) => sum + counts[state], 0) &&
  taskStates.every((state) => counts[state] >= 0)

/** The share of tasks that ended, from 0 to 1; a job of no tasks is complete. */
export const progressOf = (counts: Counts) => (counts.total === 0 ? 1 : endedOf(counts) / counts.total)
