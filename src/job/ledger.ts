import { type Counts, openOf } from './counts.ts'
import type { Failure } from './errors.ts'
import { decide, type Outcome, type Rule } from './modes.ts'
import {
  type EndedState,
  hasEnded,
  type JobState,
  type JobTrigger,
  nextJobState,
  nextTaskState,
  type TaskState,
  type TaskTrigger,
} from './state.ts'

/**
 * What a job knows of its tasks: how many are in each state, what they have decided, and the seq of the latest change.
 * Every dialect of the store does its bookkeeping here, inside the transaction that changes the tasks.
 */
export interface Ledger {
  state: JobState
  rule: Rule
  counts: Counts
  sealed: boolean
  seq: number
  outcome: EndedState | undefined
  /** The task whose end decided the outcome, where one did (`any`, `race`, and an `all` that failed). */
  decidedBy: number | undefined
  error: Failure | undefined
  startedAt: number | undefined
  finishedAt: number | undefined
}

/** Moves one task along the machine; returns the seq of this change. */
export const moveTask = (job: Ledger, from: TaskState, trigger: TaskTrigger): number => {
  const to = nextTaskState(from, trigger)
  if (to === undefined) throw new Error(`A ${from} task has no "${trigger}"`)
  job.counts[from] -= 1
  job.counts[to] += 1
  job.seq += 1
  return job.seq
}

export const addTasks = (job: Ledger, state: 'queued' | 'blocked', count: number): void => {
  job.counts[state] += count
  job.counts.total += count
}

/** Moves the job along its machine; returns whether the machine had such an arrow. */
export const moveJob = (job: Ledger, trigger: JobTrigger): boolean => {
  const to = nextJobState(job.state, trigger)
  if (to === undefined) return false
  job.state = to
  job.seq += 1
  return true
}

/** Takes the end of one task into account: the first that decides the outcome stops the job. Returns whether it did. */
export const noteEnd = (job: Ledger, index: number, ended: EndedState, error?: Failure): boolean => {
  if (job.outcome !== undefined) return false
  const outcome = decide(job.rule, { counts: job.counts, sealed: job.sealed, ended })
  if (outcome === undefined) return false
  const decidedBy = isDecisive(job.rule, outcome, ended) ? index : undefined
  stop(job, outcome, outcome === 'failed' ? whyFailed(job, decidedBy, error) : undefined)
  job.decidedBy = decidedBy
  return true
}

/**
 * Takes into account that no more tasks will come, which alone may decide (an empty job, a share of the total). A race
 * that nobody entered would never end, as `Promise.race` of nothing: it fails.
 */
export const noteSealed = (job: Ledger): void => {
  if (job.outcome !== undefined || !job.sealed) return
  const outcome = decide(job.rule, job) ?? (job.counts.total === 0 ? 'failed' : undefined)
  if (outcome !== undefined) stop(job, outcome, outcome === 'failed' ? whyFailed(job) : undefined)
}

/** Fixes the outcome; what has not ended is to be cancelled. Does nothing to a job that is decided already. */
export const stop = (job: Ledger, outcome: EndedState, error?: Failure): boolean => {
  if (!moveJob(job, 'decide')) return false
  job.outcome = outcome
  job.error = error
  return true
}

const endings = { succeeded: 'succeed', failed: 'fail', cancelled: 'cancel' } as const

/** Ends a stopping job once no task is left open; returns whether it ended now. */
export const finish = (job: Ledger, now: number): boolean => {
  if (job.state !== 'stopping' || job.outcome === undefined || openOf(job.counts) > 0) return false
  moveJob(job, endings[job.outcome])
  job.finishedAt = now
  return true
}

/**
 * Takes an ended job up again; its failed and cancelled tasks are to be revived with it, before or after. A job with
 * none of them stays ended: no task would be left to end it again.
 */
export const revive = (job: Ledger): boolean => {
  if (!hasEnded(job.state) || job.counts.succeeded === job.counts.total) return false
  moveJob(job, 'revive')
  job.outcome = undefined
  job.decidedBy = undefined
  job.error = undefined
  job.finishedAt = undefined
  return true
}

/** Whether this end by itself made the outcome, as it does in `any`, `race`, and an `all` that failed. */
const isDecisive = ({ mode }: Rule, outcome: Outcome, ended: EndedState) =>
  mode === 'race' ||
  (mode === 'all' && outcome === 'failed' && ended !== 'succeeded') ||
  (mode === 'any' && outcome === 'succeeded' && ended === 'succeeded')

const whyFailed = (job: Ledger, index?: number, error?: Failure): Failure => {
  if (job.rule.mode === 'any') return tooFew(job)
  if (job.counts.total === 0) return noRunner
  if (index === undefined) return tooMany(job)
  return {
    code: 'task_failed',
    message: `Task ${index} failed${error ? `: ${error.message}` : '.'}`,
    details: { index, ...(error && { error: { code: error.code, message: error.message } }) },
  }
}

const noRunner: Failure = {
  code: 'too_few_succeeded',
  message: 'Expected a task at least, because nobody would win the race, got none.',
}

const tooMany = ({ counts, rule }: Ledger): Failure => {
  const failed = counts.failed + counts.cancelled
  return {
    code: 'task_failed',
    message: `Expected at most ${rule.tolerate} of ${counts.total} tasks to fail, got ${failed}.`,
    details: { tolerate: rule.tolerate, failed, total: counts.total },
  }
}

const tooFew = ({ counts, rule }: Ledger): Failure => ({
  code: 'too_few_succeeded',
  message: `Expected ${rule.quorum} of ${counts.total} tasks to succeed, got ${counts.succeeded}.`,
  details: { quorum: rule.quorum, succeeded: counts.succeeded, total: counts.total },
})
