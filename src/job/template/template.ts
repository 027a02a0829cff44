import { join } from '../explain/path.ts'
import { type BadPlaceholder, hasPlaceholders, type Part, type Placeholder, partsOf } from './placeholder.ts'
import { isOpen, resolve, type Scope, TemplateError } from './scope.ts'
import { hasOrigin, isPlain, plainOf, saysWhere, type UrlPart, urlOf } from './url.ts'

/** What is special about some of the fields of an input. */
export interface Rules {
  /** The path of the input, with which those of its fields begin. */
  at: string
  /** Fields that are taken as they are. */
  literal?: readonly string[] | undefined
  /** Fields that hold a URL, in which values are encoded. */
  urls?: readonly string[] | undefined
}

/** Where a placeholder stands. Only in a `value` is it replaced. */
export interface Use {
  part: Placeholder | BadPlaceholder
  field: string
  place: 'value' | 'url' | 'name' | 'literal'
  /** Whether it stands in a URL, of which the text before it says where it leads. */
  isPastOrigin: boolean
}

/** A JSON value whose placeholders have been found. */
export interface Template<T = unknown> {
  uses: readonly Use[]
  /**
   * A new value with each placeholder replaced that is not open. A string that is one placeholder becomes its value,
   * whatever its type; in longer strings values are written as text. What is put in is not read again: a value that
   * looks like a placeholder stays as it is. Throws a {@link TemplateError}.
   */
  render(scope: Scope): T
}

/** The longest text that placeholders may become: an item of 1 MB that stands in a text a thousand times is a mistake. */
export const mostRendered = 16_777_216

interface Rendering {
  scope: Scope
  /** How many more characters values may be written as. */
  left: number
}
type Write<T = unknown> = (rendering: Rendering) => T

/** Finds the placeholders of an input; its fields are at the top of it. */
export const compile = (
  input: Readonly<Record<string, unknown>>,
  { at, literal = [], urls = [] }: Rules,
): Template<Record<string, unknown>> => {
  const uses: Use[] = []
  const fields = Object.entries(input).map(([name, value]): [string, Write] => {
    const field = join(at, name)
    if (typeof value === 'string') {
      if (literal.includes(name)) return [name, writeLiteral(value, field, uses)]
      if (urls.includes(name)) return [name, writeUrl(value, field, uses)]
    }
    return [nameOf(name, field, uses), writeValue(value, field, uses)]
  })
  return templateOf(uses, (rendering) => objectOf(fields, rendering))
}

/** Finds the placeholders of one string. */
export const compileText = (text: string, field: string): Template => {
  const uses: Use[] = []
  return templateOf(uses, writeText(text, field, uses))
}

const templateOf = <T>(uses: readonly Use[], write: Write<T>): Template<T> => ({
  uses,
  render: (scope) => write({ scope, left: mostRendered }),
})

/** Builds what writes a value: always a new one, so that whoever is given it may change it. */
const writeValue = (value: unknown, field: string, uses: Use[]): Write => {
  if (typeof value === 'string') return writeText(value, field, uses)
  if (Array.isArray(value)) {
    const items = value.map((item, index) => writeValue(item, `${field}[${index}]`, uses))
    return (rendering) => items.map((write) => write(rendering))
  }
  if (typeof value !== 'object' || value === null) return () => value
  const fields = Object.entries(value).map(([name, part]): [string, Write] => {
    const inside = join(field, name)
    return [nameOf(name, inside, uses), writeValue(part, inside, uses)]
  })
  return (rendering) => objectOf(fields, rendering)
}

const objectOf = (fields: readonly [name: string, write: Write][], rendering: Rendering) => {
  const object: Record<string, unknown> = {}
  for (const [name, write] of fields) {
    // A property like any other.
    if (name === '__proto__') define(object, name, write(rendering))
    else object[name] = write(rendering)
  }
  return object
}

const define = (object: object, name: string, value: unknown): void => {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
}

const nameOf = (name: string, field: string, uses: Use[]): string => {
  if (!hasPlaceholders(name)) return name
  const parts = partsOf(name)
  note(parts, { field, place: 'name', isPastOrigin: false }, uses)
  return parts.filter((part) => typeof part === 'string').join('')
}

const writeLiteral = (text: string, field: string, uses: Use[]): Write => {
  if (hasPlaceholders(text)) note(partsOf(text), { field, place: 'literal', isPastOrigin: false }, uses)
  return () => text
}

const writeText = (text: string, field: string, uses: Use[]): Write => {
  if (!hasPlaceholders(text)) return () => text
  const parts = partsOf(text)
  note(parts, { field, place: 'value', isPastOrigin: false }, uses)
  const [first] = parts
  if (parts.length === 1 && first !== undefined) return writeWhole(first, field)
  return (rendering) => parts.map((part) => textOf(part, rendering, field)).join('')
}

const writeWhole =
  (part: Part, field: string): Write =>
  (rendering) => {
    if (typeof part === 'string') return part
    if (isOpen(part, rendering.scope)) return part.text
    const value = resolve(part, rendering.scope, field)
    if (typeof value === 'object') spend(JSON.stringify(value).length, part, rendering, field)
    return value
  }

/**
 * Writes a URL. Where a value is not known yet that cannot change where the URL leads, it ends before that value: so
 * what is known of it can be checked.
 */
const writeUrl = (text: string, field: string, uses: Use[]): Write => {
  if (!hasPlaceholders(text)) return () => text
  const parts = partsOf(text)
  const [first] = parts
  note(parts, { field, place: 'url', isPastOrigin: typeof first === 'string' && saysWhere(first) }, uses)
  const placeholders = parts.filter((part) => typeof part !== 'string')
  const write =
    parts.length === 1 && first !== undefined ? writeWhole(first, field) : writeUrlOf(parts, field)
  return (rendering) => {
    const open = placeholders.find((part) => isOpen(part, rendering.scope))
    if (open === undefined) return write(rendering)
    if (open.source === 'item' || open.source === 'index' || open.source === 'unknown') return text
    const beginning = urlOf(urlParts(parts.slice(0, parts.indexOf(open)), rendering, field), field)
    if (hasOrigin(beginning)) return beginning
    throw new TemplateError(
      open.text,
      field,
      'is only known when the task runs, but scheme, host and port must be known at submit.',
    )
  }
}

/** Most values are ids: these make up a URL without a look at its segments, in a tenth of the time. */
const writeUrlOf = (parts: readonly Part[], field: string): Write => {
  const takesPlain = parts.every((part) => typeof part !== 'string' || isPlain(part))
  return (rendering) =>
    (takesPlain ? plainUrl(parts, rendering, field) : undefined) ??
    urlOf(urlParts(parts, rendering, field), field)
}

/** Undefined where a value is not plain, or too long. */
const plainUrl = (parts: readonly Part[], rendering: Rendering, field: string): string | undefined => {
  let url = ''
  let left = rendering.left
  for (const part of parts) {
    if (typeof part === 'string') {
      url += part
      continue
    }
    const value = plainOf(resolve(part, rendering.scope, field))
    if (value === undefined) return undefined
    url += value
    left -= value.length
  }
  if (left < 0) return undefined
  rendering.left = left
  return url
}

const urlParts = (parts: readonly Part[], rendering: Rendering, field: string): UrlPart[] =>
  parts.map((part) =>
    typeof part === 'string' || part.source === 'unknown'
      ? textOf(part, rendering, field)
      : { placeholder: part, value: textOf(part, rendering, field) },
  )

const textOf = (part: Part, rendering: Rendering, field: string): string => {
  if (typeof part === 'string') return part
  if (isOpen(part, rendering.scope)) return part.text
  const value = resolve(part, rendering.scope, field)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  spend(text.length, part, rendering, field)
  return text
}

const spend = (length: number, { text }: { text: string }, rendering: Rendering, field: string): void => {
  rendering.left -= length
  if (rendering.left < 0)
    throw new TemplateError(text, field, `makes the input longer than ${mostRendered} characters.`)
}

const note = (parts: readonly Part[], at: Omit<Use, 'part'>, uses: Use[]): void => {
  for (const part of parts) if (typeof part !== 'string') uses.push({ ...at, part })
}
