import type { TaskState } from './state.ts'

/** What a subscriber wants of a job's tasks, as it says so. What is left out is not filtered by. */
export interface FilterSpec {
  /** Only tasks in these states. */
  states?: readonly TaskState[] | undefined
  /** Only tasks of these keys. */
  keys?: readonly string[] | undefined
  /** Whether outputs are told, or only how long they are. Default true. */
  output?: boolean | undefined
}

interface Filtered {
  key: string | undefined
  state: TaskState
}

/** What is told of a job's tasks. Two that want the same have the same `name`, so what was written for one is the other's. */
export interface Filter {
  readonly name: string
  readonly output: boolean
  wants(task: Filtered): boolean
}

/** Undefined when everything is wanted. */
export const filterOf = ({ states, keys, output = true }: FilterSpec): Filter | undefined => {
  if (states === undefined && keys === undefined && output) return undefined
  const inStates = states && new Set(states)
  const ofKeys = keys && new Set(keys)
  return {
    name: JSON.stringify([inStates && [...inStates].sort(), ofKeys && [...ofKeys].sort(), output]),
    output,
    wants: ({ key, state }) =>
      (inStates?.has(state) ?? true) && (ofKeys === undefined || (key !== undefined && ofKeys.has(key))),
  }
}
