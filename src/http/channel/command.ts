import type { Static, TSchema } from '@sinclair/typebox'
import { accepts } from '../../job/check.ts'
import { type ClientMessage, commands } from '../../job/commands.ts'
import { Problem, show } from '../../job/errors.ts'
import { explain, invalid } from '../../job/explain.ts'

/** What is longer names nothing that there is. */
const longestNamed = 200

/** A message about queues. */
export type OfQueues = Extract<ClientMessage, { queues: unknown }>

/** A message that asks to follow a job. */
export type Subscribe = Extract<ClientMessage, { type: 'subscribe'; job: string }>

const types = [...new Set(commands.map(({ schema }) => schema.properties.type.const))].join(', ')
const subjects: readonly string[] = [...new Set(commands.flatMap(({ about }) => [...about]))]

/** A message about all jobs of a name, or with a label. */
export type OfSelection = Exclude<ClientMessage, { job: string } | { queues: unknown } | { type: 'ping' }>

/** A message that asks to follow them. */
export type Select = Extract<OfSelection, { type: 'subscribe' }>

/** Reads what a client sent over the channel. Throws a Problem that says what is wrong with it. */
export const readCommand = (message: string): ClientMessage => {
  const value = parse(message)
  const type = 'type' in value ? value.type : undefined
  const alike = commands.filter(({ schema }) => schema.properties.type.const === type)
  const meant = alike.findLast(({ about }) => about.some((field) => field in value)) ?? alike[0]
  if (meant) return fitting(meant.schema, value)
  throw new Problem('invalid', `Expected "type" to be one of ${types}, got ${show(type)}.`)
}

const parse = (message: string): object => {
  let value: unknown
  try {
    value = JSON.parse(message)
  } catch {
    throw new Problem('malformed', `Expected a message in JSON, got ${show(message)}.`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new Problem('malformed', `Expected a JSON object with a "type", got ${show(value)}.`)
}

/** The refusal says what the message was about, as far as the message did. */
const fitting = <T extends TSchema>(schema: T, value: object): Static<T> => {
  if (accepts(schema, value)) return value
  const { detail } = invalid(explain(schema, value))
  throw new Problem('invalid', detail, Object.fromEntries(subjects.flatMap((field) => named(value, field))))
}

const named = (value: object, field: string): [string, string][] => {
  const name: unknown = Reflect.get(value, field)
  return typeof name === 'string' && name.length <= longestNamed ? [[field, name]] : []
}
