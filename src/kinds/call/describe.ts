import type { TSchema } from '@sinclair/typebox'
import type { Handler } from '../handler.ts'

export type Isolation = 'loop' | 'thread' | 'process'

/** A handler as clients see it. */
export interface HandlerDescription {
  name: string
  /** JSON Schema. */
  input: Record<string, unknown>
  /** JSON Schema. Absent if the output can be anything. */
  output?: Record<string, unknown>
  isolation: Isolation
}

/** What `GET /handlers` shows, by name. */
export const describeHandlers = (handlers: readonly Handler[]): HandlerDescription[] =>
  handlers
    .map((handler) => ({
      name: handler.name,
      input: jsonSchema(handler.input),
      ...(handler.output && { output: jsonSchema(handler.output) }),
      isolation: isolationOf(handler),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))

export const isolationOf = ({ thread, process }: Handler): Isolation => {
  if (thread !== undefined) return 'thread'
  return process === undefined ? 'loop' : 'process'
}

/** A copy, without what TypeBox and Elysia keep in symbols, and in types that JSON does not have. */
const jsonSchema = (schema: TSchema): Record<string, unknown> => JSON.parse(JSON.stringify(schema, standard))

const types = new Set(['null', 'boolean', 'object', 'array', 'number', 'integer', 'string'])

/** Goes by the kind of TypeBox, so that a property called `type`, or a default that has one, stays what it is. */
const standard = (_: string, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || !isTyped(value)) return value
  const { type, ...rest } = value
  if (type === 'Date') return { ...rest, type: 'string', format: 'date-time' }
  return type === 'undefined' || type === 'void' ? { ...rest, type: 'null' } : rest
}

/** Whether it is a schema with a type that JSON Schema does not know. */
const isTyped = (value: object): value is { type: string } =>
  'type' in value && typeof value.type === 'string' && !types.has(value.type) && kind in value

const kind = Symbol.for('TypeBox.Kind')
