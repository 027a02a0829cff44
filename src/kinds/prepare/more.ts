import { accepts } from '../../job/check.ts'
import { explain, type FieldError, invalid, mostErrors } from '../../job/explain.ts'
import type { JobRecord, NewTask } from '../../store/store.ts'
import type { Kinds } from '../kinds.ts'
import { type EachTaskSpec, PlainTaskSpec, TaskSpec } from '../spec.ts'
import type { Known } from './check.ts'
import { prepareEach } from './each.ts'
import { type Lookup, namedBy } from './earlier.ts'
import type { Place } from './place.ts'
import { prepareTasks } from './tasks.ts'

/** What tasks are added to, and by whom. */
export interface Adding {
  job: Pick<JobRecord, 'runAt' | 'defaults' | 'template'>
  kinds: Kinds
  secrets: ReadonlySet<string>
  /** When they came, in milliseconds since the epoch. */
  now: number
  place: Pick<Place, 'from' | 'nameOf'>
  /** Finds a task that was stored before. */
  lookup: Lookup
}

/**
 * Makes tasks for a job that is there already: of tasks as they came over the wire or, where the job has a template, of items.
 * Throws a Problem (`invalid`) with the first errors.
 */
export const prepareMore = async (values: readonly unknown[], adding: Adding): Promise<NewTask[]> => {
  const { job, kinds, secrets, now } = adding
  const times = { now, from: Math.max(now, job.runAt ?? 0) }
  const known: Known = { kinds, secrets, queue: job.defaults.queue, times }
  const errors: FieldError[] = []
  const tasks =
    job.template === undefined
      ? await ofTasks(values, adding, known, errors)
      : ofItems(values, job.template, adding, known, errors)
  if (errors.length > 0) throw invalid(errors)
  return tasks
}

const ofTasks = async (
  values: readonly unknown[],
  { place, lookup, kinds }: Adding,
  known: Known,
  errors: FieldError[],
): Promise<NewTask[]> => {
  const specs = parseTasks(values, place, errors)
  if (errors.length > 0) return []
  const earlier = await namedBy(specs, kinds, lookup)
  return prepareTasks(specs, known, errors, { ...place, earlier })
}

const ofItems = (
  items: readonly unknown[],
  template: string,
  { job, place }: Adding,
  known: Known,
  errors: FieldError[],
): NewTask[] => {
  // Of a job that was submitted sealed, the rest of its task was not kept: it takes no more items, and may be sealed again.
  if (items.length === 0) return []
  // What was checked when the job was submitted, and taken apart to be stored.
  const task = { ...job.defaults.each, ...JSON.parse(template) } as EachTaskSpec
  return prepareEach({ items: [...items], task }, known, errors, place).tasks
}

const parseTasks = (
  values: readonly unknown[],
  { from, nameOf }: Pick<Place, 'from' | 'nameOf'>,
  errors: FieldError[],
): TaskSpec[] => {
  const specs: TaskSpec[] = []
  let index = from
  for (const value of values) {
    if (accepts(TaskSpec, value)) specs.push(value)
    else if (errors.length < mostErrors) errors.push(...explainTask(value, nameOf(index)))
    index += 1
  }
  return specs
}

/** A mistake that has nothing to do with placeholders is explained without them. */
const explainTask = (value: unknown, at: string): FieldError[] => {
  const plain = new Map(explain(PlainTaskSpec, value, at).map(({ field, message }) => [field, message]))
  return explain(TaskSpec, value, at).map(({ field, message }) => ({
    field,
    message: plain.get(field) ?? message,
  }))
}
