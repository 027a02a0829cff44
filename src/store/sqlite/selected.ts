import { hasEnded, jobStates } from '../../job/state.ts'
import type { SelectionQuery } from '../store.ts'
import type { JobRow } from './rows.ts'
import type { Statements } from './statements/index.ts'

/** Numbers of jobs, ascending: gives the first that is not below `from`. */
type List = (from: number) => number | undefined

/** After so many steps others may run: about a millisecond. */
const stepsAtOnce = 500

/**
 * Jobs of a selection, oldest first. Each condition has a list of its own in an index; they are read side by side, and
 * each leaps to where another stands. So this takes as many steps as the shortest of them is long, and not as there are
 * jobs: three that run are found at once among a million that ended under the same name, or that wait under other names.
 */
export const findSelected = async (statements: Statements, query: SelectionQuery): Promise<JobRow[]> => {
  const lists = listsOf(statements, query)
  const found: JobRow[] = []
  let from = query.after + 1
  while (found.length < query.limit) {
    const number = await nextInAll(lists, from, query.upTo)
    if (number === undefined) break
    // It may have been deleted while others ran.
    found.push(...statements.jobByNumber.all({ number }))
    from = number + 1
  }
  return found
}

const listsOf = (statements: Statements, { of: { name, label }, open }: SelectionQuery): List[] => {
  const lists: List[] = []
  if (name !== undefined) lists.push((from) => statements.nextNamed.get({ name, from })?.number)
  if (label !== undefined) {
    const [name, value] = label
    lists.push((from) => statements.nextLabelled.get({ name, value, from })?.number)
  }
  if (open) lists.push(openJobs(statements))
  return lists
}

const openStates = jobStates.filter((state) => !hasEnded(state))

const openJobs =
  (statements: Statements): List =>
  (from) =>
    openStates.reduce<number | undefined>((first, state) => {
      const number = statements.nextInState.get({ state, from })?.number
      return number === undefined || (first !== undefined && first < number) ? first : number
    }, undefined)

/** The first number that all lists have. */
const nextInAll = async (
  lists: readonly List[],
  from: number,
  upTo = Number.POSITIVE_INFINITY,
): Promise<number | undefined> => {
  let at = from
  let agreed = 0
  for (let step = 1; ; step += 1) {
    for (const list of lists) {
      const next = list(at)
      if (next === undefined || next > upTo) return undefined
      agreed = next === at ? agreed + 1 : 1
      at = next
      if (agreed >= lists.length) return at
    }
    if (step % stepsAtOnce === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}
