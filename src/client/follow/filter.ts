import type { FollowEvent, TaskChangeView } from '../../job/events.ts'
import type { TaskState } from '../../job/state.ts'

/** Which of a job's tasks a loop is told of, and how much of them. Changes of the job itself are always told. */
export interface Filter {
  /** Only tasks in these states. Default: all. */
  states?: readonly TaskState[] | undefined
  /** Only tasks of these keys. Default: all. */
  keys?: readonly string[] | undefined
  /** Whether outputs are told; if not, `outputBytes` says how long each is. Default true. */
  output?: boolean | undefined
}

/** What one subscription has to tell, so that each of some readers is told what it asks for. */
export const union = (
  filters: readonly Filter[],
): { states?: TaskState[]; keys?: string[]; output?: false } => {
  const states = unionOf(filters.map((filter) => filter.states))
  const keys = unionOf(filters.map((filter) => filter.keys))
  return {
    ...(states && { states }),
    ...(keys && { keys }),
    ...(filters.every(({ output }) => output === false) && { output: false }),
  }
}

const unionOf = <T>(lists: readonly (readonly T[] | undefined)[]): T[] | undefined => {
  const all = new Set<T>()
  for (const list of lists) {
    if (list === undefined) return undefined
    for (const one of list) all.add(one)
  }
  return [...all]
}

/** What of an event the filter lets through: a subscription that is shared tells more. Undefined if nothing. */
export const sift = (event: FollowEvent, filter: Filter): FollowEvent | undefined => {
  if (event.type !== 'tasks') return event
  const fits = fitting(filter)
  const data = event.data.filter(fits).map(filter.output === false ? withoutOutput : (task) => task)
  return data.length === 0 ? undefined : { ...event, data }
}

const fitting =
  ({ states, keys }: Filter) =>
  ({ state, key }: TaskChangeView): boolean =>
    (states === undefined || states.includes(state)) &&
    (keys === undefined || (key !== undefined && keys.includes(key)))

const withoutOutput = (task: TaskChangeView): TaskChangeView => {
  const { output, ...rest } = task
  return output === undefined ? task : { ...rest, outputBytes: bytesOf(output) }
}

const encoder = new TextEncoder()
const bytesOf = (output: unknown): number => encoder.encode(JSON.stringify(output)).length
