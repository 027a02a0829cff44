import { dueOf } from '../../job/due.ts'
import { type FieldError, mostErrors } from '../../job/explain.ts'
import type { Dependency } from '../../job/graph.ts'
import { hasPlaceholders } from '../../job/template/placeholder.ts'
import type { NewTask } from '../../store/store.ts'
import type { Kind } from '../kind.ts'
import type { TaskSpec } from '../spec.ts'
import { compileInput } from '../template.ts'
import { cycleError, dependenciesOf, indexOf, type Others } from './after.ts'
import { artifactErrors } from './artifacts.ts'
import { checkTemplate, type Known, queueError } from './check.ts'
import { Keys } from './keys.ts'
import { optionsOf } from './options.ts'
import { literalError, placeholderErrors } from './placeholders.ts'

/** Adds to `errors` what is wrong with a task, and stops when there are enough of them. */
export const prepareTasks = (specs: readonly TaskSpec[], known: Known, errors: FieldError[]): NewTask[] => {
  const others: Others = { keys: keysOf(specs, errors), count: specs.length }
  const tasks: NewTask[] = []
  for (const [index, spec] of specs.entries()) {
    if (errors.length >= mostErrors) return tasks
    const before = errors.length
    const task = prepareTask(spec, index, { specs, others, known, errors })
    if (task && errors.length === before) tasks.push(task)
  }
  if (errors.length > 0 || !tasks.some(({ after }) => after)) return tasks
  const cycle = cycleError(tasks)
  if (cycle) errors.push(cycle)
  return tasks
}

const nameOf = (index: number) => `tasks[${index}]`

const keysOf = (specs: readonly TaskSpec[], errors: FieldError[]): Keys => {
  const keys = new Keys()
  for (const [index, { key }] of specs.entries()) {
    if (errors.length >= mostErrors) break
    const error = key === undefined ? undefined : keys.claim(key, index, nameOf)
    if (error) errors.push(error)
  }
  return keys
}

interface Surroundings {
  specs: readonly TaskSpec[]
  others: Others
  known: Known
  errors: FieldError[]
}

const prepareTask = (spec: TaskSpec, index: number, around: Surroundings): NewTask | undefined => {
  const { specs, known, others, errors } = around
  const { kind: name, key, queue = known.queue, retry, timeoutMs, after, delayMs, runAt, ...input } = spec
  const kind: Kind = known.kinds[name]
  const dependencies =
    after && after.length > 0 ? dependenciesOf(after, others, nameOf(index), errors) : undefined
  const text = JSON.stringify(input)
  const derived = hasPlaceholders(text)
    ? checkPlaceholders(queue, index, { kind, input, dependencies }, around)
    : checkPlain(kind, input, index, errors)
  const literal =
    literalError(`${nameOf(index)}.queue`, spec.queue) ?? literalError(`${nameOf(index)}.key`, key)
  if (literal) errors.push(literal)
  const uses = kind.artifacts?.(input, nameOf(index)) ?? []
  errors.push(...artifactErrors(uses, { specs, others, dependencies: dependencies ?? [] }, nameOf(index)))
  const due = dueOf({ delayMs, runAt }, known.times, nameOf(index), errors)
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
  index: number,
  errors: FieldError[],
): string | undefined => {
  const found = kind.check?.(input, nameOf(index)) ?? []
  errors.push(...found)
  return found.length === 0 ? kind.queue(input) : undefined
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
  { known, others, errors }: Surroundings,
): string | undefined => {
  const at = nameOf(index)
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
