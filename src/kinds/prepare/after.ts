import { show } from '../../job/errors.ts'
import { nearest } from '../../job/explain/nearest.ts'
import type { FieldError } from '../../job/explain.ts'
import { type Dependency, findCycle } from '../../job/graph.ts'
import type { After } from '../../job/spec.ts'
import type { Keys } from './keys.ts'

/** Among more keys than these, the one that was meant is not looked for: each comparison costs microseconds. */
const mostCompared = 1_000

/** How a task finds others: by key, or by an index below `count`. */
export interface Others {
  keys: Keys
  count: number
  /** Whether these are only those before it. */
  earlier?: boolean
}

/**
 * What a task waits for. Named twice, a task has to meet both conditions, and to succeed is the stricter one. Adds an
 * error for each that is not there.
 */
export const dependenciesOf = (
  after: readonly After[],
  others: Others,
  at: string,
  errors: FieldError[],
): Dependency[] => {
  const waits = new Map<number, Dependency>()
  for (const [position, entry] of after.entries()) {
    const { task: address, on = 'succeeded' } = typeof entry === 'object' ? entry : { task: entry }
    const task = indexOf(address, others)
    if (task === undefined) {
      errors.push(noTask(address, others, `${at}.after[${position}]`))
    } else if (on === 'succeeded' || !waits.has(task)) waits.set(task, { task, on })
  }
  return [...waits.values()]
}

/** The task of this key or index, if there is one. */
export const indexOf = (address: string | number, { keys, count }: Others): number | undefined => {
  const index = typeof address === 'number' ? address : (keys.indexOf(address) ?? numberOf(address))
  return index !== undefined && index < count ? index : undefined
}

/** A placeholder writes an index as text, which no key can be. */
const numberOf = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) : undefined)

/** The error of a field that names no task of the job. */
export const noTask = (
  address: string | number,
  { keys, count, earlier = false }: Others,
  field: string,
): FieldError => {
  // What was meant may be there, and come later.
  if (earlier) {
    const message = `Expected "${field}" to be an earlier task of this job, got ${show(address)}. There are ${count} before it.`
    return { field, message }
  }
  const known = keys.some(mostCompared)
  const meant =
    typeof address === 'string' && known.length < mostCompared ? nearest(address, known) : undefined
  const hint = meant === undefined ? `There are ${count}.` : `Did you mean "${meant}"?`
  return { field, message: `Expected "${field}" to be a task of this job, got ${show(address)}. ${hint}` }
}

/** More of a circle than this would not be read. */
const mostNamed = 10

/** The error of tasks that wait for each other. */
export const cycleError = (
  tasks: readonly { key: string | undefined; after: readonly Dependency[] | undefined }[],
): FieldError | undefined => {
  const circle = findCycle(tasks.map(({ after = [] }) => after))
  const [first] = circle ?? []
  if (!circle || first === undefined) return undefined
  const names = circle.map((index) => show(tasks[index]?.key ?? index))
  const named = names.length > mostNamed ? [...names.slice(0, mostNamed), '…'] : names
  const field = `tasks[${first}].after`
  const message = `Expected "${field}" not to lead in a circle, got ${[...named, names[0]].join(' → ')}.`
  return { field, message }
}
