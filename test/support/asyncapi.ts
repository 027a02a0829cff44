import Ajv, { type ValidateFunction } from 'ajv'
import { Elysia } from 'elysia'
import { asyncApi } from '../../src/http/asyncapi.ts'

export interface AsyncApiDocument {
  channels: { events: { address: string; messages: Record<string, { $ref: string }> } }
  operations: Record<'takeCommand' | 'tellEvent', { messages: { $ref: string }[] }>
  components: {
    messages: Record<
      string,
      { name: string; title: string; payload: object; examples: { payload: unknown }[] }
    >
    schemas: Record<string, object>
  }
}

/** As the server gives it, mounted at `prefix`. */
export const readDocument = async (prefix = ''): Promise<AsyncApiDocument> => {
  const response = await new Elysia({ normalize: false, prefix })
    .use(asyncApi())
    .handle(new Request(`http://localhost${prefix}/asyncapi.json`))
  return response.json()
}

export const document = await readDocument()

const ajv = new Ajv({
  allErrors: true,
  // A union of types is how a nullable field is written.
  allowUnionTypes: true,
  formats: {
    uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
    'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  },
  // What references lead to stands beside the schema.
  keywords: ['components'],
})

/** The schema, with every object closed: what it does not name, no message may have. */
const closed = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const parts = Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, closed(part)]))
  return { ...('properties' in schema && { additionalProperties: false }), ...parts }
}

const components = closed({ schemas: document.components.schemas })
const checks = new Map<string, ValidateFunction>()

/** What is wrong with a message by what the AsyncAPI document says of those of its name, and of nothing more. */
export const flawsOf = (name: string, message: unknown): string[] => {
  let check = checks.get(name)
  if (check === undefined) {
    const known = document.components.messages[name]
    if (known === undefined) return [`The document has no message "${name}"`]
    check = ajv.compile({ ...Object(closed(known.payload)), components })
    checks.set(name, check)
  }
  if (check(message)) return []
  return (check.errors ?? []).map(
    ({ instancePath, message: flaw, params }) => `${instancePath} ${flaw} ${JSON.stringify(params)}`,
  )
}
