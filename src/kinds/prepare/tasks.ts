import { dueOf } from '../../job/due.ts'
import { type FieldError, mostErrors } from '../../job/explain.ts'
import type { Dependency } from '../../job/graph.ts'
import { hasPlaceholders } from '../../job/template/placeholder.ts'
import type { NewTask } from '../../store/store.ts'
import type { Kind } from '../kind.ts'
import type { TaskSpec } from '../spec.ts'
import { compileInput } from '../template.ts'
import { cycleError, dependenciesOf, indexOf, type Others } from './after.ts'
import { artifactErrors, mayHaveSaved } from './artifacts.ts'
import { checkTemplate, type Known, queueError } from './check.ts'
import { Keys } from './keys.ts'
import { optionsOf } from './options.ts'
import { type Place, whole } from './place.ts'
import { literalError, placeholderErrors } from './placeholders.ts'

/** Adds to `errors` what is wrong with a task, and stops when there are enough of them. */
export const prepareTasks = (
  specs: readonly TaskSpec[],
  known: Known,
  errors: FieldError[],
  place: Place = whole,
): NewTask[] => {
  const { from, earlier } = place
  const keys = keysOf(specs, place, errors)
  const saves = (index: number): boolean => {
    const spec = specs[index - from]
    return spec === undefined ? earlier?.saving.has(index) === true : mayHaveSaved(spec)
  }
  const all: Others = { keys, count: from + specs.length }
  const tasks: NewTask[] = []
  const flaws: FieldError[] = []
  for (const [offset, spec] of specs.entries()) {
    if (errors.length >= mostErrors) return tasks
    const index = from + offset
    const others = earlier === undefined ? all : { keys, count: index, earlier: true }
    const task = prepareTask(spec, index, { at: unnamed, saves, others, known, errors: flaws })
    if (task && flaws.length === 0) tasks.push(task)
    else prepareTask(spec, index, { at: place.nameOf(index), saves, others, known, errors })
    flaws.length = 0
  }
  // Nothing that comes after earlier tasks alone can wait for itself.
  if (earlier !== undefined || errors.length > 0 || !tasks.some(({ after }) => after)) return tasks
  const cycle = cycleError(tasks)
  if (cycle) errors.push(cycle)
  return tasks
}

/** A task is named when there is something wrong with it: then it is looked at once more. */
const unnamed = 'task'

const keysOf = (specs: readonly TaskSpec[], { from, nameOf, earlier }: Place, errors: FieldError[]): Keys => {
  const keys = new Keys(earlier?.indexes)
  for (const [offset, { key }] of specs.entries()) {
    if (errors.length >= mostErrors) break
    const error = key === undefined ? undefined : keys.claim(key, from + offset, nameOf)
    if (error) errors.push(error)
  }
  return keys
}

interface Surroundings {
  /** The path of the task. */
  at: string
  saves: (index: number) => boolean
  others: Others
  known: Known
  errors: FieldError[]
}

const prepareTask = (spec: TaskSpec, index: number, around: Surroundings): NewTask | undefined => {
  const { at, saves, known, others, errors } = around
  const { kind: name, key, queue = known.queue, retry, timeoutMs, after, delayMs, runAt, ...input } = spec
  const kind: Kind = known.kinds[name]
  const dependencies = after && after.length > 0 ? dependenciesOf(after, others, at, errors) : undefined
  const text = JSON.stringify(input)
  const derived = hasPlaceholders(text)
    ? checkPlaceholders(queue, index, { kind, input, dependencies }, around)
    : checkPlain(kind, input, at, errors)
  const literal = literalError(`${at}.queue`, spec.queue) ?? literalError(`${at}.key`, key)
  if (literal) errors.push(literal)
  const uses = kind.artifacts?.(input, at)
  if (uses) errors.push(...artifactErrors(uses, { saves, others, dependencies: dependencies ?? [] }, at))
  const due = dueOf({ delayMs, runAt }, known.times, at, errors)
  if (derived === undefined) return undefined
  return {
    key,
    kind: name,
    queue: queue ?? derived,
    input: text,
    runAt: due,
    options: optionsOf(spec),
    after: dependencies,
  }
}

/** Returns the queue; or undefined, and what is wrong is among the errors. */
const checkPlain = (
  kind: Kind,
  input: Record<string, unknown>,
  at: string,
  errors: FieldError[],
): string | undefined => {
  const found = kind.check?.(input, at) ?? []
  if (found.length === 0) return kind.queue(input)
  errors.push(...found)
  return undefined
}

interface Templated {
  kind: Kind
  input: Record<string, unknown>
  dependencies: readonly Dependency[] | undefined
}

const checkPlaceholders = (
  queue: string | undefined,
  index: number,
  { kind, input, dependencies = [] }: Templated,
  { at, known, others, errors }: Surroundings,
): string | undefined => {
  const template = compileInput(kind, input, at)
  const waits = new Set(dependencies.map(({ task }) => task))
  const found = placeholderErrors(
    template.uses,
    {
      item: false,
      secrets: known.secrets,
      comesAfter: (task) => waits.has(indexOf(task, others) ?? -1),
      after: `${at}.after`,
    },
    at,
  )
  const checked = found.length === 0 ? checkTemplate(kind, template, { index }, at) : { errors: found }
  if ('errors' in checked) {
    errors.push(...checked.errors)
    return undefined
  }
  const undecided = queue === undefined ? queueError(checked.queue, template.uses, at) : undefined
  if (undecided) errors.push(undecided)
  return checked.queue
}
