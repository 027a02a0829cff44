import type { Static, TSchema } from '@sinclair/typebox'
import { accepts } from '../../job/check.ts'
import { Problem, show } from '../../job/errors.ts'
import { type ClientMessage, Command, QueueCommand } from '../../job/events.ts'
import { explain, invalid } from '../../job/explain.ts'

/** What is longer names nothing that there is. */
const longestNamed = 200

const types = Object.keys(Command).join(', ')

/** A message about queues. */
export type OfQueues = Extract<ClientMessage, { queues: unknown }>

/** A message that asks to follow a job. */
export type Subscribe = Static<typeof Command.subscribe>

/** Reads what a client sent over the channel. Throws a Problem that says what is wrong with it. */
export const readCommand = (message: string | Uint8Array): ClientMessage => {
  if (typeof message !== 'string')
    throw new Problem('malformed', 'Expected a text message, got a binary one.')
  const value = parse(message)
  switch (typeOf(value)) {
    case 'subscribe':
      return isOfQueues(value) ? fitting(QueueCommand.subscribe, value) : fitting(Command.subscribe, value)
    case 'unsubscribe':
      return isOfQueues(value)
        ? fitting(QueueCommand.unsubscribe, value)
        : fitting(Command.unsubscribe, value)
    case 'ping':
      return fitting(Command.ping, value)
    default:
      throw new Problem('invalid', `Expected "type" to be one of ${types}, got ${show(typeOf(value))}.`)
  }
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

const typeOf = (value: object): unknown => ('type' in value ? value.type : undefined)

const isOfQueues = (value: object): boolean => 'queues' in value

/** The refusal says which job or which queues it is about, as far as the message did. */
const fitting = <T extends TSchema>(schema: T, value: object): Static<T> => {
  if (accepts(schema, value)) return value
  const { detail } = invalid(explain(schema, value))
  throw new Problem('invalid', detail, { ...about(value, 'job'), ...about(value, 'queues') })
}

const about = (value: object, field: 'job' | 'queues'): Record<string, string> => {
  const named: unknown = Reflect.get(value, field)
  return typeof named === 'string' && named.length <= longestNamed ? { [field]: named } : {}
}
