import type { TSchema } from '@sinclair/typebox'
import { tag } from './variants.ts'

/** JSON, as it is walked here: a copy, so that no schema that routes use is ever changed. */
type Json = null | boolean | number | string | Json[] | JsonObject
interface JsonObject {
  [name: string]: Json
}

interface Schemas {
  /** Those that become components. */
  named: Readonly<Record<string, TSchema>>
  /** Those of the parameters in paths, by name. */
  inPath: Readonly<Record<string, TSchema>>
  /** What bodies may be beside JSON, by operation and content type. */
  uploads: Readonly<Record<string, object>>
}

/**
 * Makes valid OpenAPI 3.1 out of what the swagger plugin emits. That repeats each body for three content types, leaves
 * out descriptions that must be there, and writes each schema wherever it is used.
 */
export const toOpenApi = (emitted: unknown, { named, inPath, uploads }: Schemas): JsonObject => {
  const document = copy(emitted)
  const refer = referrer(named)
  const path = copy(inPath)
  const beside = copy(uploads)
  const paths = mapObject(objectOf(document.paths), (operations) =>
    mapObject(objectOf(operations), (operation) => toOperation(objectOf(operation), refer, { path, beside })),
  )
  const components = {
    ...objectOf(document.components),
    schemas: mapObject(copy(named), (schema) => toSchema(schema, refer, true)),
  }
  return { ...document, openapi: '3.1.0', paths, components }
}

type Refer = (schema: JsonObject) => string | undefined

interface Known {
  path: JsonObject
  beside: JsonObject
}

const toOperation = (operation: JsonObject, refer: Refer, { path, beside }: Known): JsonObject => {
  const { operationId, requestBody, parameters, responses } = operation
  return {
    ...operation,
    ...(parameters !== undefined && {
      parameters: listOf(parameters).map((one) => toParameter(one, refer, path)),
    }),
    ...(requestBody !== undefined && {
      requestBody: toRequestBody(objectOf(requestBody), refer, objectOf(beside[String(operationId)])),
    }),
    responses: mapObject(objectOf(responses), (response, status) =>
      toResponse(objectOf(response), status, refer),
    ),
  }
}

const toParameter = (parameter: Json, refer: Refer, inPath: JsonObject): JsonObject => {
  const { schema = {}, ...rest } = objectOf(parameter)
  const known = rest.in === 'path' ? inPath[String(rest.name)] : undefined
  const { description = rest.description ?? '', ...form } = objectOf(toSchema(known ?? schema, refer))
  return { ...rest, description, schema: form }
}

const toRequestBody = (body: JsonObject, refer: Refer, beside: JsonObject): JsonObject => ({
  ...body,
  content: { 'application/json': { schema: toSchema(schemaOf(body), refer) }, ...beside },
})

const toResponse = (response: JsonObject, status: string, refer: Refer): JsonObject => {
  const { description = '', headers, content, contentTypes } = response
  const types = status >= '400' ? ['application/problem+json'] : listOf(contentTypes ?? ['application/json'])
  const { headers: _, contentTypes: __, ...schema } = objectOf(schemaOf(response))
  const contents = types.map((type) => [
    type,
    { schema: isJson(type) ? toSchema(schema, refer) : { type: 'string' } },
  ])
  return {
    description,
    ...(headers !== undefined && { headers }),
    ...(content !== undefined && { content: Object.fromEntries(contents) }),
  }
}

const isJson = (type: Json) => /[/+]json$/.test(String(type))

/** All content types have the same one. */
const schemaOf = ({ content = {} }: JsonObject): Json => {
  const [first = {}] = Object.values(objectOf(content))
  return objectOf(first).schema ?? {}
}

const toSchema = (schema: Json, refer: Refer, isRoot = false): Json => {
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
const referrer = (named: Readonly<Record<string, TSchema>>): Refer => {
  const names = new Map(Object.entries(copy(named)).map(([name, schema]) => [gist(objectOf(schema)), name]))
  return (schema) => names.get(gist(schema))
}

/** The plugin keeps these fields of an object, and drops others. */
const gist = ({ type, properties, items, required, anyOf }: JsonObject): string =>
  JSON.stringify([type, properties, items, required, anyOf])

const copy = (value: unknown): JsonObject => objectOf(JSON.parse(JSON.stringify(value)))

const objectOf = (value: Json | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}

const listOf = (value: Json): Json[] => (Array.isArray(value) ? value : [])

const mapObject = (object: JsonObject, map: (value: Json, name: string) => Json): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value, name)]))
