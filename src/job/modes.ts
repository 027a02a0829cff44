import { type Counts, openOf } from './counts.ts'
import type { EndedState } from './state.ts'

export const modes = ['all', 'allSettled', 'any', 'race'] as const
export type Mode = (typeof modes)[number]

/** A number of tasks, or a share of all tasks such as `"5%"`. */
export type Tolerance = number | `${number}%`

/** How the outcomes of a job's tasks become the outcome of the job. */
export interface Rule {
  mode: Mode
  /** `all`: how many tasks may fail before the job does. Default 0. */
  tolerate: Tolerance
  /** `any`: how many tasks must succeed. Default 1. */
  quorum: number
}

export type Outcome = 'succeeded' | 'failed'

/** What is known when a task has just ended, or (without `ended`) when the set of tasks was closed. */
export interface Standing {
  counts: Counts
  /** False while more tasks may still be added. */
  sealed: boolean
  ended?: EndedState
}

/**
 * The outcome that a job's tasks have decided, or undefined while it is open. A cancelled task did not
 * succeed, so it counts as a failure. Ask after every single end, in order: `race` depends on which came first.
 */
export const decide = (rule: Rule, standing: Standing): Outcome | undefined => {
  const { counts, sealed, ended } = standing
  const missed = counts.failed + counts.cancelled
  const complete = sealed && openOf(counts) === 0
  switch (rule.mode) {
    case 'all':
      if (missed > toleranceOf(rule.tolerate, standing)) return 'failed'
      return complete ? 'succeeded' : undefined
    case 'allSettled':
      return complete ? 'succeeded' : undefined
    case 'any':
      if (counts.succeeded >= rule.quorum) return 'succeeded'
      return sealed && counts.succeeded + openOf(counts) < rule.quorum ? 'failed' : undefined
    case 'race':
      return ended && (ended === 'succeeded' ? 'succeeded' : 'failed')
    default:
      return rule.mode satisfies never
  }
}

/** Whether the end of one task may be what decides a job's outcome before all of them have ended. */
export const mayDecide = (mode: Mode, ended: EndedState): boolean =>
  mode === 'race' || (mode === 'all' && ended !== 'succeeded') || (mode === 'any' && ended === 'succeeded')

/**
 * A share is of the final number of tasks, so until that is known no failure exceeds it. Rounding to the 15 digits that
 * a double holds undoes binary fractions: 29 / 100 * 100 is 28.999999999999996, and 29 is meant.
 */
const toleranceOf = (tolerate: Tolerance, { counts, sealed }: Standing): number => {
  if (typeof tolerate === 'number') return tolerate
  if (!sealed) return Number.POSITIVE_INFINITY
  const share = (Number.parseFloat(tolerate) * counts.total) / 100
  return Math.floor(Number(share.toPrecision(15)))
}
