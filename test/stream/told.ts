import type { TaskChangeView } from '../../src/job/events.ts'
import { hasEnded } from '../../src/job/state.ts'
import type { Filter } from './lines/line.ts'

/** What a reader knows of a task when it is told of its next change. */
export interface Told {
  before: TaskChangeView | undefined
  /** How many ends of it. */
  ends: number
  /** How often its job may have been taken up again. */
  revivals: number
  filter: Filter
}

/** What is wrong with a change, after what was told before. */
export const changeFlaw = (change: TaskChangeView, told: Told): string | undefined =>
  [passesFilter, holdsWhatItsStateHas, endsOnce, goesOn]
    .map((rule) => rule(change, told) || undefined)
    .find(Boolean)

type Rule = (change: TaskChangeView, told: Told) => string | false | undefined

const passesFilter: Rule = ({ state, key, output }, { filter: { states, keys, output: wanted } }) =>
  ((states && !states.includes(state)) ||
    (keys && !keys.includes(key ?? '')) ||
    (wanted === false && output !== undefined)) &&
  'was not asked for'

const holdsWhatItsStateHas: Rule = ({ state, output, outputBytes, error }) => {
  if (output !== undefined && outputBytes !== undefined) return 'has its output, and how long it is'
  const hasOutput = output !== undefined || outputBytes !== undefined
  if (hasOutput !== (state === 'succeeded')) return hasOutput ? 'has an output' : 'has no output'
  return (state === 'failed' || state === 'cancelled') && error === undefined && 'has no error'
}

const endsOnce: Rule = ({ state }, { before, ends, revivals }) => {
  if (before?.state === 'succeeded') return 'had succeeded'
  if (before && hasEnded(before.state) && revivals === 0) return 'had ended'
  return hasEnded(state) && ends > revivals && `ended more often than it was taken up`
}

/** An attempt runs first, and once; what comes after it has the same number until the next. */
const goesOn: Rule = ({ state, attempt }, { before }) => {
  if (before === undefined || attempt > before.attempt) return undefined
  if (attempt < before.attempt) return 'came with an earlier attempt'
  return state === 'running' && 'ran twice in one attempt'
}
