/**
 * The two state machines, as data. Stores derive their `where state in (…)` from these tables,
 * so a transition that is not written here cannot happen in any dialect.
 */

export const taskTransitions = {
  blocked: { unblock: 'queued', cancel: 'cancelled' },
  queued: { claim: 'running', block: 'blocked', cancel: 'cancelled' },
  running: {
    succeed: 'succeeded',
    fail: 'failed',
    retry: 'queued',
    snooze: 'queued',
    release: 'queued',
    rescue: 'queued',
    cancel: 'cancelled',
  },
  succeeded: {},
  failed: { revive: 'queued' },
  cancelled: { revive: 'queued' },
} as const satisfies Record<string, Record<string, string>>

export const jobTransitions = {
  scheduled: { start: 'running', decide: 'stopping' },
  running: { pause: 'paused', decide: 'stopping' },
  paused: { resume: 'running', decide: 'stopping' },
  stopping: { succeed: 'succeeded', fail: 'failed', cancel: 'cancelled' },
  succeeded: { revive: 'running' },
  failed: { revive: 'running' },
  cancelled: { revive: 'running' },
} as const satisfies Record<string, Record<string, string>>

type Machine = Record<string, Record<string, string>>
type TriggerOf<M extends Machine> = { [S in keyof M]: keyof M[S] }[keyof M] & string

export type TaskState = keyof typeof taskTransitions
export type TaskTrigger = TriggerOf<typeof taskTransitions>
export type JobState = keyof typeof jobTransitions
export type JobTrigger = TriggerOf<typeof jobTransitions>

const namesOf = <M extends Machine>(machine: M) => Object.keys(machine) as (keyof M & string)[]

export const taskStates: readonly TaskState[] = namesOf(taskTransitions)
export const jobStates: readonly JobState[] = namesOf(jobTransitions)

export const endedTaskStates = ['succeeded', 'failed', 'cancelled'] as const satisfies TaskState[]
export const endedJobStates = ['succeeded', 'failed', 'cancelled'] as const satisfies JobState[]
export type EndedState = (typeof endedTaskStates)[number]

/** Of the result of an attempt, too, by its type: that is the state it leads to if it ends the task. */
export const hasEnded = (state: string): state is EndedState =>
  state === 'succeeded' || state === 'failed' || state === 'cancelled'

/** The state that `trigger` leads to, or undefined when the machine has no such arrow. */
export const nextTaskState = (state: TaskState, trigger: TaskTrigger): TaskState | undefined =>
  (taskTransitions[state] as Partial<Record<TaskTrigger, TaskState>>)[trigger]

export const nextJobState = (state: JobState, trigger: JobTrigger): JobState | undefined =>
  (jobTransitions[state] as Partial<Record<JobTrigger, JobState>>)[trigger]

/** The states that `trigger` leaves from: what a store puts into its `where`. */
export const taskStatesBefore = (trigger: TaskTrigger): TaskState[] =>
  taskStates.filter((state) => nextTaskState(state, trigger) !== undefined)

export const jobStatesBefore = (trigger: JobTrigger): JobState[] =>
  jobStates.filter((state) => nextJobState(state, trigger) !== undefined)
