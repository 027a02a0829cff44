import { accepts } from '../../job/check.ts'
import { explain, type FieldError, mostErrors } from '../../job/explain.ts'
import { TaskCommon } from '../../job/spec.ts'
import { type Scope, TemplateError } from '../../job/template/scope.ts'
import { compileText, type Template } from '../../job/template/template.ts'
import type { NewTask } from '../../store/store.ts'
import type { Kind } from '../kind.ts'
import type { EachSpec } from '../spec.ts'
import { compileInput } from '../template.ts'
import { attempt, checkTemplate, isLate, type Known, queueError } from './check.ts'
import { Keys } from './keys.ts'
import { optionsOf } from './options.ts'
import { literalError, placeholderErrors, type Reach } from './placeholders.ts'

export interface Expanded {
  tasks: NewTask[]
  /** The input of the tasks, with its placeholders, as JSON text. */
  template: string
}

const at = 'each.task'

/**
 * Makes a task for each item. Each is rendered once, to be checked and to find its queue and key, and then dropped: what
 * is kept of it is its item.
 */
export const prepareEach = (each: EachSpec, known: Known, errors: FieldError[]): Expanded => {
  const { kind: name, key, queue, retry, timeoutMs, ...input } = each.task
  const kind: Kind = known.kinds[name]
  const template = compileInput(kind, input, at)
  const keys = key === undefined ? undefined : compileText(key, `${at}.key`)
  errors.push(...templateErrors(kind, template, keys, known))
  const literal = literalError(`${at}.queue`, queue)
  if (literal) errors.push(literal)
  const tasks =
    errors.length === 0
      ? expand({ kind, template, keys, queue, options: optionsOf(each.task) }, each, errors)
      : []
  return { tasks, template: JSON.stringify(input) }
}

/** What is wrong whatever the items are. */
const templateErrors = (
  kind: Kind,
  template: Template<Record<string, unknown>>,
  keys: Template | undefined,
  { secrets }: Known,
): readonly FieldError[] => {
  const reach: Reach = { item: true, secrets, comesAfter: () => false, after: undefined }
  const uses = [...(keys?.uses ?? []), ...template.uses]
  const errors = placeholderErrors(uses, reach, at)
  if (errors.length > 0) return errors
  const secret = keys?.uses.find(({ part }) => isLate(part))
  if (secret)
    return [
      {
        field: secret.field,
        message: `Expected "${secret.field}" without secrets, got ${secret.part.text}.`,
      },
    ]
  const checked = checkTemplate(kind, template, {}, at)
  return 'errors' in checked ? checked.errors : []
}

interface Recipe {
  kind: Kind
  template: Template<Record<string, unknown>>
  keys: Template | undefined
  queue: string | undefined
  options: string | undefined
}

const expand = (recipe: Recipe, { items }: EachSpec, errors: FieldError[]): NewTask[] => {
  const claimed = new Keys()
  const queues = new Map<string, string>()
  const tasks: NewTask[] = []
  for (const [index, item] of items.entries()) {
    if (errors.length >= mostErrors) break
    const made = taskOf(recipe, item, index)
    if ('errors' in made) {
      errors.push(...made.errors.map((error) => ofItem(index, error)))
      continue
    }
    const taken = made.key === undefined ? undefined : claimed.claim(made.key, index, nameOf)
    if (taken) errors.push({ ...taken, field: nameOf(index) })
    // Tasks by the hundred thousand share a few queues: one string for each.
    const queue = queues.get(made.queue) ?? made.queue
    if (queue === made.queue) queues.set(queue, queue)
    tasks.push({ ...made, queue })
  }
  return tasks
}

const nameOf = (index: number) => `each.items[${index}]`

const ofItem = (index: number, { message }: FieldError): FieldError => ({
  field: nameOf(index),
  message: `With ${nameOf(index)}: ${message}`,
})

const taskOf = (
  recipe: Recipe,
  item: unknown,
  index: number,
): NewTask | { errors: readonly FieldError[] } => {
  const { kind, template, keys, queue, options } = recipe
  const scope: Scope = { item: { value: item }, index }
  const checked = checkTemplate(kind, template, scope, at)
  if ('errors' in checked) return checked
  const undecided = queue === undefined ? queueError(checked.queue, template.uses, at) : undefined
  if (undecided) return { errors: [undecided] }
  const key = keyOf(keys, scope)
  if (typeof key === 'object') return key
  return {
    key,
    kind: kind.name,
    queue: queue ?? checked.queue,
    input: JSON.stringify(item),
    options,
    after: undefined,
  }
}

const keyOf = (
  keys: Template | undefined,
  scope: Scope,
): string | undefined | { errors: readonly FieldError[] } => {
  if (keys === undefined) return undefined
  const value = attempt(() => keys.render(scope))
  if (value instanceof TemplateError) return { errors: [{ field: value.field, message: value.message }] }
  const key = typeof value === 'number' ? String(value) : value
  const schema = TaskCommon.properties.key
  return accepts(schema, key) ? key : { errors: explain(schema, key, `${at}.key`) }
}
