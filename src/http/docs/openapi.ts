import type { TSchema } from '@sinclair/typebox'
import { copy, type Json, type JsonObject, listOf, mapObject, objectOf } from './json.ts'
import { type Refer, referrer, toSchema } from './schema.ts'

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
  return { openapi: '3.1.0', ...document, paths, components }
}

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
