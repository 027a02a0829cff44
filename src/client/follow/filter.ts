import type { FollowEvent, TaskChangeView } from '../../job/events.ts'
import type { TaskState } from '../../job/state.ts'

/** Which of a job's tasks a loop is told of, and how much of them. Changes of the job itself are always told. */
export interface Filter {
  /** Only tasks in these states; of an empty list, none. Default: all. */
  states?: readonly TaskState[] | undefined
  /** Only tasks of these keys; of an empty list, none. Default: all. */
  keys?: readonly string[] | undefined
  /** Whether outputs are told; if not, `outputBytes` says how long each is. Default true. */
  output?: boolean | undefined
}

/** A filter in words that the server takes. */
interface Told {
  states?: TaskState[]
  keys?: string[]
  output?: false
}

/** More are not named to the server: then it tells of all, and the reader leaves out the others. */
const mostKeys = 1_000

/** For whom no task fits. The server wants a state at least; tasks are seldom blocked, and those that are the reader leaves out. */
const none: Told = { states: ['blocked'], output: false }

/** What one subscription has to tell, so that each of some readers is told what it asks for. */
export const union = (filters: readonly Filter[]): Told => {
  const open = filters.filter(({ states, keys }) => states?.length !== 0 && keys?.length !== 0)
  if (open.length === 0) return none
  const states = unionOf(open.map((filter) => filter.states))
  const keys = unionOf(open.map((filter) => filter.keys))
  return {
    ...(states && { states }),
    ...(keys && keys.length <= mostKeys && { keys }),
    ...(open.every(({ output }) => output === false) && { output: false }),
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
