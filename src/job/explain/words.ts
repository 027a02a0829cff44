import {
  type ObjectOptions,
  type TObject,
  type TRecord,
  type TSchema,
  type TString,
  type TUnion,
  Type,
  TypeGuard,
} from '@sinclair/typebox'
import { typeOf } from '../check.ts'
import { show } from '../errors.ts'

const Words = Symbol('words')
const Names = Symbol('names')

/** The schema, with the words that messages use for what it allows, where its constraints do not read well. */
export const worded = <T extends TSchema>(words: string, schema: T): T => ({ ...schema, [Words]: words })

/**
 * An object with any names that `names` allows. Unlike `Type.Record`, refuses all other names: TypeBox neither refuses
 * them nor looks at what they hold, and even its default pattern, `^(.*)$`, does not match a name with a line break.
 */
export const recordOf = <Value extends TSchema>(
  names: TString,
  value: Value,
  options: ObjectOptions,
): TRecord<TString, Value> => ({
  ...Type.Record(names, value, { ...options, additionalProperties: false }),
  [Names]: names,
})

/** What the names of a record are to be. */
export const namesOf = (schema: TRecord): string => {
  const names: unknown = Reflect.get(schema, Names)
  const pattern = Object.keys(schema.patternProperties)[0] ?? ''
  return allowedBy(TypeGuard.IsString(names) ? names : Type.String({ pattern }))
}

/** What a schema allows, to follow "to be": `a string of 1 to 200 characters`. */
export const allowedBy = (schema: TSchema): string => {
  const words: unknown = Reflect.get(schema, Words)
  if (typeof words === 'string') return words
  switch (typeOf(schema)) {
    case 'Object':
    case 'Record':
      return `an object${counted(schema.minProperties, schema.maxProperties, 'fields')}`
    case 'Array':
      return `an array${counted(schema.minItems, schema.maxItems, 'items')}`
    case 'String':
      return `a string${counted(schema.minLength, schema.maxLength, 'characters')}${formOf(schema)}`
    case 'Integer':
      return `a whole number${rangeOf(schema)}`
    case 'Number':
      return `a number${rangeOf(schema)}`
    case 'Boolean':
      return 'true or false'
    case 'Null':
      return 'null'
    case 'Literal':
      return show(schema.const)
    case 'Unknown':
    case 'Any':
      return 'a value'
    case 'Union':
      return anyOf((schema as TUnion).anyOf)
    default:
      return Array.isArray(schema.enum) ? oneOf(schema.enum) : 'what its schema allows'
  }
}

/** ` between 1 and 1000`, to follow a number's name or the name of its field. */
export const rangeOf = (schema: TSchema): string => {
  const { minimum, maximum } = schema as TSchema & { minimum?: number; maximum?: number }
  if (minimum !== undefined && maximum !== undefined) return ` between ${minimum} and ${maximum}`
  if (minimum !== undefined) return ` of at least ${minimum}`
  return maximum === undefined ? '' : ` of at most ${maximum}`
}

/** The field whose constant tells the variants of a union of objects apart, such as `kind`. */
export const discriminatorOf = (variants: readonly TSchema[]): string | undefined => {
  const first = variants[0]
  if (!first || !variants.every(isObject) || !isObject(first)) return undefined
  return Object.keys(first.properties).find((name) =>
    variants.every((variant) => typeof variant.properties[name]?.const === 'string'),
  )
}

export const isObject = (schema: TSchema): schema is TObject => typeOf(schema) === 'Object'

export const oneOf = (values: readonly unknown[]): string =>
  values.length === 1 ? show(values[0]) : `one of ${values.map(show).join(', ')}`

const anyOf = (variants: readonly TSchema[]): string =>
  variants.every((variant) => variant.const !== undefined)
    ? oneOf(variants.map((variant) => variant.const))
    : [...new Set(variants.map(allowedBy))].join(' or ')

const counted = (least: unknown, most: unknown, unit: string): string => {
  if (least !== undefined && most !== undefined) return ` of ${least} to ${most} ${unit}`
  if (least !== undefined) return ` of at least ${least} ${unit}`
  return most === undefined ? '' : ` of at most ${most} ${unit}`
}

const formOf = ({ format, pattern }: TSchema): string => {
  if (format !== undefined) return ` in the format ${show(format)}`
  return pattern === undefined ? '' : ` that matches ${pattern}`
}
