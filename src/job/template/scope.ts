import { type BadPlaceholder, type Placeholder, shown } from './placeholder.ts'

/** What placeholders stand for. A source that is left out is not known yet: its placeholders stay as they are. */
export interface Scope {
  /** The item that the task is made for. */
  item?: { value: unknown }
  index?: number
  /** The output of a task that this one comes after; undefined if it has none. */
  output?: (task: string) => { value: unknown } | undefined
  secret?: (name: string) => string | undefined
}

/** A placeholder that cannot be replaced. The message names it and its field, and holds no value. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'

  constructor(
    readonly placeholder: string,
    readonly field: string,
    why: string,
  ) {
    super(`The placeholder ${placeholder} in "${field}" ${why}`)
  }
}

/** Whether the placeholder has to wait: its source is not known yet. */
export const isOpen = ({ source }: Placeholder | BadPlaceholder, scope: Scope): boolean => {
  switch (source) {
    case 'item':
      return scope.item === undefined
    case 'index':
      return scope.index === undefined
    case 'tasks':
      return scope.output === undefined
    case 'secrets':
      return scope.secret === undefined
    case 'unknown':
      return true
    default:
      return source satisfies never
  }
}

/** What a placeholder that is not open stands for. Throws a TemplateError if there is nothing where it leads. */
export const resolve = (placeholder: Placeholder | BadPlaceholder, scope: Scope, field: string): unknown => {
  const fail = (why: string) => new TemplateError(shown(placeholder), field, `leads to nothing: ${why}`)
  switch (placeholder.source) {
    case 'item':
      return follow(placeholder.path, scope.item?.value, fail)
    case 'index':
      return scope.index
    case 'tasks': {
      const output = scope.output?.(placeholder.task)
      if (!output) throw fail(`the task "${placeholder.task}" has no output.`)
      return follow(placeholder.path, output.value, fail)
    }
    case 'secrets': {
      const secret = scope.secret?.(placeholder.name)
      if (secret === undefined) throw fail(`this server has no secret "${placeholder.name}".`)
      return secret
    }
    case 'unknown':
      throw fail('it is none.')
    default:
      return placeholder satisfies never
  }
}

/** Only what the JSON itself holds: nothing of a prototype, and no length of an array. */
const follow = (path: readonly string[], root: unknown, fail: (why: string) => TemplateError): unknown => {
  let value = root
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !holds(value, name)) {
      throw fail(`there is no "${name}".`)
    }
    value = Reflect.get(value, name)
  }
  return value
}

const holds = (value: object, name: string): boolean =>
  Object.hasOwn(value, name) && !(Array.isArray(value) && name === 'length')
