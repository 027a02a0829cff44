import { dueOf } from '../../job/due.ts'
import { type FieldError, mostErrors } from '../../job/explain.ts'
import type { Scope } from '../../job/template/scope.ts'
import type { Template } from '../../job/template/template.ts'
import type { NewTask } from '../../store/store.ts'
import type { Kind } from '../kind.ts'
import type { EachSpec } from '../spec.ts'
import { compileInput } from '../template.ts'
import { noArtifacts } from './artifacts.ts'
import { checkerOf, checkTemplate, type Known, queueError } from './check.ts'
import { Keys } from './keys.ts'
import { compileName, type Name, nameErrors } from './names.ts'
import { optionsOf } from './options.ts'
import type { Place } from './place.ts'
import { placeholderErrors, type Reach } from './placeholders.ts'

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
export const prepareEach = (
  each: EachSpec,
  known: Known,
  errors: FieldError[],
  place: Pick<Place, 'from' | 'nameOf'> = allItems,
): Expanded => {
  const { kind: name, key, queue, retry, timeoutMs, delayMs, runAt, ...input } = each.task
  const kind: Kind = known.kinds[name]
  const template = compileInput(kind, input, at)
  const names: Names = {
    key: compileName('key', key, at),
    queue: compileName('queue', queue, at),
  }
  errors.push(
    ...templateErrors(kind, template, names, known),
    ...noArtifacts(kind.artifacts?.(input, at) ?? []),
  )
  const due = dueOf({ delayMs, runAt }, known.times, at, errors)
  const recipe = { kind, template, names, queue: known.queue, due, options: optionsOf(each.task) }
  const tasks = errors.length === 0 ? expand(recipe, each, errors, place) : []
  return { tasks, template: JSON.stringify(input) }
}

interface Names {
  key: Name | undefined
  queue: Name | undefined
}

/** What is wrong whatever the items are. */
const templateErrors = (
  kind: Kind,
  template: Template<Record<string, unknown>>,
  { key, queue }: Names,
  { secrets }: Known,
): readonly FieldError[] => {
  const reach: Reach = { item: true, secrets, comesAfter: () => false, after: undefined }
  const names = [key, queue].filter((name) => name !== undefined)
  const errors = placeholderErrors([...names.flatMap(({ uses }) => uses), ...template.uses], reach, at)
  if (errors.length > 0) return errors
  const late = nameErrors(names)
  if (late.length > 0) return late
  const checked = checkTemplate(kind, template, {}, at)
  return 'errors' in checked ? checked.errors : []
}

interface Recipe {
  kind: Kind
  template: Template<Record<string, unknown>>
  names: Names
  /** Of tasks that name none. */
  queue: string | undefined
  due: number | undefined
  options: string | undefined
}

const expand = (
  recipe: Recipe,
  { items }: EachSpec,
  errors: FieldError[],
  { from, nameOf }: Pick<Place, 'from' | 'nameOf'>,
): NewTask[] => {
  const claimed = new Keys()
  const make = makerOf(recipe)
  const tasks: NewTask[] = []
  let index = from
  for (const item of items) {
    if (errors.length >= mostErrors) break
    const made = make(item, index)
    if ('errors' in made) errors.push(...made.errors.map((error) => ofItem(nameOf(index), error)))
    else {
      const taken = made.key === undefined ? undefined : claimed.claim(made.key, index, nameOf)
      if (taken) errors.push({ ...taken, field: nameOf(index) })
      tasks.push(made)
    }
    index += 1
  }
  return tasks
}

const allItems = { from: 0, nameOf: (index: number) => `each.items[${index}]` }

const ofItem = (field: string, { message }: FieldError): FieldError => ({
  field,
  message: `With ${field}: ${message}`,
})

type Made = NewTask | { errors: readonly FieldError[] }

/** Makes the task of an item. */
const makerOf = (recipe: Recipe): ((item: unknown, index: number) => Made) => {
  const { kind, template, names, due, options } = recipe
  const check = checkerOf(kind, template, { item: { value: undefined }, index: 0 }, at)
  const share = sharing()
  return (item, index) => {
    const scope: Scope = { item: { value: item }, index }
    const checked = check(scope)
    if ('errors' in checked) return checked
    const asked = kind.artifacts ? noArtifacts(kind.artifacts(checked.input, at)) : []
    if (asked.length > 0) return { errors: asked }
    const key = names.key?.of(scope)
    if (typeof key === 'object') return key
    const queue = names.queue?.of(scope) ?? recipe.queue
    if (typeof queue === 'object') return queue
    const undecided = queue === undefined ? queueError(checked.queue, template.uses, at) : undefined
    if (undecided) return { errors: [undecided] }
    return {
      key,
      kind: kind.name,
      queue: share(queue ?? checked.queue),
      input: JSON.stringify(item),
      runAt: due,
      options,
      after: undefined,
    }
  }
}

/** Tasks by the hundred thousand share a few queues: gives one string for each. */
const sharing = (): ((text: string) => string) => {
  const known = new Map<string, string>()
  return (text) => {
    const shared = known.get(text)
    if (shared !== undefined) return shared
    known.set(text, text)
    return text
  }
}
