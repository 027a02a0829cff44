import type { TArray, TObject, TRecord, TSchema, TUnion } from '@sinclair/typebox'
import { checkOf, typeOf } from '../check.ts'
import { expected, show } from '../errors.ts'
import { glimpse } from './glimpse.ts'
import { nearest } from './nearest.ts'
import { join } from './path.ts'
import { allowedBy, discriminatorOf, isObject, namesOf, oneOf, rangeOf } from './words.ts'

/** What is wrong with one field of a request; `field` is its path, such as `tasks[3].retry.attempts`. */
export interface FieldError {
  field: string
  message: string
}

/** More than these help nobody: most are the same mistake. */
export const mostErrors = 10

type Fields = Record<string, unknown>

/** An error that names the field and shows the value, however large it is; `allowed` reads like `to be a string`. */
export const unexpected = (field: string, allowed: string, got: unknown): FieldError => ({
  field,
  message: expected(field || 'body', allowed, glimpse(got)),
})

/** Adds at least one error, given that the schema does not accept the value and there is room for one. */
export const findErrors = (schema: TSchema, value: unknown, path: string, errors: FieldError[]): void => {
  const before = errors.length
  findInside(schema, value, path, errors)
  if (errors.length === before) errors.push(unexpected(path, allowance(schema, value), value))
}

/** Adds the errors of the parts, if the value is the kind of thing that the schema describes and only parts are wrong. */
const findInside = (schema: TSchema, value: unknown, path: string, errors: FieldError[]): void => {
  const type = typeOf(schema)
  if (type === 'Union') inUnion(schema as TUnion, value, path, errors)
  else if (type === 'Intersect') for (const part of schema.allOf) check(part, value, path, errors)
  else if (Array.isArray(value)) {
    if (type === 'Array') inArray(schema as TArray, value, path, errors)
  } else if (isFields(value)) {
    if (isObject(schema)) inObject(schema, value, path, errors)
    if (type === 'Record') inRecord(schema as TRecord, value, path, errors)
  }
}

const check = (schema: TSchema, value: unknown, path: string, errors: FieldError[]): void => {
  if (errors.length < mostErrors && !fits(schema, value)) findErrors(schema, value, path, errors)
}

/** Part of a recursive schema cannot be checked alone, because it refers to the whole: then the whole is at fault. */
const fits = (schema: TSchema, value: unknown): boolean => {
  try {
    return checkOf(schema).Check(value)
  } catch {
    return true
  }
}

const inObject = (schema: TObject, value: Fields, path: string, errors: FieldError[]): void => {
  const names = Object.keys(schema.properties)
  if (schema.additionalProperties === false) {
    for (const name in value) {
      if (errors.length === mostErrors) return
      if (!Object.hasOwn(schema.properties, name)) errors.push(unknownField(name, names, path))
    }
  }
  for (const [name, property] of Object.entries(schema.properties)) {
    if (Object.hasOwn(value, name)) check(property, value[name], join(path, name), errors)
    else if (schema.required?.includes(name) && errors.length < mostErrors)
      findErrors(property, undefined, join(path, name), errors)
  }
}

const inRecord = (schema: TRecord, value: Fields, path: string, errors: FieldError[]): void => {
  const [pattern, property] = Object.entries(schema.patternProperties)[0] ?? []
  if (pattern === undefined || !property) return
  if (Object.keys(value).length > (schema.maxProperties ?? Number.POSITIVE_INFINITY)) return
  const fitting = new RegExp(pattern)
  for (const name in value) {
    if (errors.length === mostErrors) return
    if (fitting.test(name)) check(property, value[name], join(path, name), errors)
    else if (schema.additionalProperties === false) {
      errors.push(badName(name, schema, path))
    }
  }
}

const inArray = (schema: TArray, value: readonly unknown[], path: string, errors: FieldError[]): void => {
  if (value.length > (schema.maxItems ?? Number.POSITIVE_INFINITY)) return
  for (const [index, item] of value.entries()) {
    if (errors.length === mostErrors) return
    check(schema.items, item, `${path}[${index}]`, errors)
  }
}

const inUnion = ({ anyOf }: TUnion, value: unknown, path: string, errors: FieldError[]): void => {
  const discriminator = discriminatorOf(anyOf)
  if (discriminator !== undefined && isFields(value)) {
    inVariant(anyOf, discriminator, value, path, errors)
    return
  }
  const alike = anyOf.filter((variant) => isContainerOf(variant, value))
  const [only] = alike
  if (only && alike.length === 1) check(only, value, path, errors)
}

const inVariant = (
  variants: readonly TSchema[],
  discriminator: string,
  value: Fields,
  path: string,
  errors: FieldError[],
): void => {
  const constants = variants.map((variant) => variant.properties[discriminator].const)
  const given = Object.hasOwn(value, discriminator) ? value[discriminator] : undefined
  const variant = variants[constants.indexOf(given)]
  if (variant) check(variant, value, path, errors)
  else errors.push(unexpected(join(path, discriminator), `to be ${oneOf(constants)}`, given))
}

/** Whether the value can only have been meant for this variant, among those that are not of its type at all. */
const isContainerOf = (variant: TSchema, value: unknown): boolean =>
  Array.isArray(value)
    ? typeOf(variant) === 'Array'
    : isFields(value) && (isObject(variant) || typeOf(variant) === 'Record')

/** A number of the right type that is out of range needs no reminder that it is to be a number. */
const allowance = (schema: TSchema, value: unknown): string => {
  const type = typeOf(schema)
  const inType = type === 'Integer' ? Number.isInteger(value) : type === 'Number' && Number.isFinite(value)
  return inType && rangeOf(schema) !== '' ? rangeOf(schema).trim() : `to be ${allowedBy(schema)}`
}

const unknownField = (name: string, names: readonly string[], path: string): FieldError => {
  const field = join(path, name)
  const meant = nearest(name, names)
  const hint = meant === undefined ? `expected ${oneOf(names)}` : `did you mean "${meant}"?`
  return { field, message: `Unknown field "${field}"; ${hint}${meant === undefined ? '.' : ''}` }
}

const badName = (name: string, schema: TRecord, path: string): FieldError => ({
  field: join(path, name),
  message: `Expected each name in "${path}" to be ${namesOf(schema)}, got ${show(glimpse(name))}.`,
})

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
