import type { TSchema } from '@sinclair/typebox'
import { copy, type Json, type JsonObject, listOf, mapObject, objectOf } from './json.ts'
import { tag } from './variants.ts'

/** The name of the component that a schema is, if it is one. */
export type Refer = (schema: JsonObject) => string | undefined

/** A schema as a document has it: with references to components, and as JSON Schema has it, not TypeBox. */
export const toSchema = (schema: Json, refer: Refer, isRoot = false): Json => {
  if (Array.isArray(schema)) return schema.map((part) => toSchema(part, refer))
  if (typeof schema !== 'object' || schema === null) return schema
  const name = isRoot ? undefined : refer(schema)
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` }
  const { patternProperties, $id: _, ...rest } = schema
  const mapped = toUnion(rest, refer) ?? mapObject(rest, (part) => toSchema(part, refer))
  if (patternProperties === undefined) return mapped
  const values = mapObject(objectOf(patternProperties), (part) => toSchema(part, refer))
  const any = values[anyName]
  return any === undefined
    ? { ...mapped, patternProperties: values }
    : { ...mapped, additionalProperties: any }
}

/** A union of components that a tag tells apart: clients then know which one they have, and what is wrong with it. */
const toUnion = ({ anyOf = [], ...rest }: JsonObject, refer: Refer): JsonObject | undefined => {
  const mapping: JsonObject = {}
  for (const variant of listOf(anyOf)) {
    const value = objectOf(objectOf(objectOf(variant).properties)[tag]).const
    const name = refer(objectOf(variant))
    if (typeof value !== 'string' || name === undefined) return undefined
    mapping[value] = `#/components/schemas/${name}`
  }
  const refs = Object.values(mapping)
  if (refs.length === 0) return undefined
  return {
    ...mapObject(rest, (part) => toSchema(part, refer)),
    oneOf: refs.map(($ref) => ({ $ref })),
    discriminator: { propertyName: tag, mapping },
  }
}

/** How TypeBox writes a map whose names may be anything. */
const anyName = '^(.*)$'

/** Finds the name of a schema by what it says of the value; what it says of the place is left aside. */
export const referrer = (named: Readonly<Record<string, TSchema>>): Refer => {
  const names = new Map(Object.entries(copy(named)).map(([name, schema]) => [gist(objectOf(schema)), name]))
  return (schema) => names.get(gist(schema))
}

/** The plugin keeps these fields of an object, and drops others. */
const gist = ({ type, properties, items, required, anyOf }: JsonObject): string =>
  JSON.stringify([type, properties, items, required, anyOf])
