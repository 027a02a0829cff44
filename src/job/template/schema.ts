import { Optional, OptionalKind, type TObject, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { typeOf } from '../check.ts'
import { worded } from '../explain/words.ts'

/** A string that is one placeholder. */
export type PlaceholderText = `{{${string}}}`

/** A value in which a placeholder may stand for any part that is not a string already. */
export type Templated<T> = unknown extends T
  ? T
  : T extends string
    ? string extends T
      ? T
      : T | PlaceholderText
    : T extends readonly (infer Item)[]
      ? Templated<Item>[] | PlaceholderText
      : T extends object
        ? TemplatedFields<T> | PlaceholderText
        : T | PlaceholderText

export type TemplatedFields<T> = { [Name in keyof T]: Templated<T[Name]> }

const placeholder = worded(
  'a placeholder such as "{{item}}"',
  Type.Unsafe<PlaceholderText>(Type.String({ pattern: '^\\{\\{[^{}]+\\}\\}$' })),
)

const known = new WeakMap<TObject, TObject>()

/**
 * The schema of an input in which placeholders may stand: any part that would not take a string may also be a string
 * that is one placeholder. Of an input without placeholders it accepts what the schema itself accepts.
 */
export const templated = (schema: TObject): TObject => {
  let open = known.get(schema)
  if (!open) {
    open = { ...schema, properties: mapped(schema.properties) }
    known.set(schema, open)
  }
  return open
}

const orPlaceholder = (schema: TSchema): TSchema => {
  // Asked once: to compile a check for that would take longer than all the rest.
  if (Value.Check(schema, '{{item}}')) return schema
  const inside = within(schema)
  const { description, default: standard } = schema
  const union = Type.Union([inside, placeholder], {
    ...(description !== undefined && { description }),
    ...(standard !== undefined && { default: standard }),
  })
  return OptionalKind in schema ? Optional(union) : union
}

/** The schema itself, open in its parts. */
const within = (schema: TSchema): TSchema => {
  switch (typeOf(schema)) {
    case 'Object':
      return { ...schema, properties: mapped(schema.properties) }
    case 'Record':
      return { ...schema, patternProperties: mapped(schema.patternProperties) }
    case 'Array':
      return { ...schema, items: orPlaceholder(schema.items) }
    case 'Union':
      return { ...schema, anyOf: schema.anyOf.map(within) }
    default:
      return schema
  }
}

const mapped = (schemas: Readonly<Record<string, TSchema>>): Record<string, TSchema> =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, orPlaceholder(schema)]))
