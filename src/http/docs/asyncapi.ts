import type { TSchema } from '@sinclair/typebox'
import { promises } from '../channel/notes.ts'
import { copy, type JsonObject, listOf, mapObject, objectOf } from './json.ts'
import { type Refer, referrer, toSchema } from './schema.ts'

interface Parts {
  /** Where the channel is, from the root of the server. */
  address: string
  info: object
  /** What clients may send, and what the server sends: each message by its name. */
  commands: Readonly<Record<string, TSchema>>
  events: Readonly<Record<string, TSchema>>
  /** Schemas that become components. */
  named: Readonly<Record<string, TSchema>>
  /** The query of the handshake. */
  query: TSchema
  securitySchemes: object
}

/** The channel as an AsyncAPI 3.0 document, made of the schemas that the code itself uses. */
export const toAsyncApi = ({ address, info, commands, events, named, query, securitySchemes }: Parts) => {
  const refer = referrer(named)
  const messages = mapObject(copy({ ...commands, ...events }), (schema, name) =>
    toMessage(name, objectOf(schema), refer),
  )
  return {
    asyncapi: '3.0.0',
    info,
    defaultContentType: 'application/json',
    servers: {
      here: {
        host: '{host}',
        protocol: 'ws',
        description: 'This server; over TLS, where a proxy in front of it speaks that.',
        variables: { host: { default: 'localhost:3000', description: 'Its name and port.' } },
        security: Object.keys(securitySchemes).map((name) => refTo('components/securitySchemes', name)),
      },
    },
    channels: {
      events: {
        address,
        title: 'The channel',
        description: `One WebSocket follows any number of jobs and queues. ${promises}`,
        servers: [refTo('servers', 'here')],
        messages: mapObject(messages, (_, name) => refTo('components/messages', name)),
        bindings: { ws: { method: 'GET', query: toSchema(copy(query), refer), bindingVersion: '0.1.0' } },
      },
    },
    operations: {
      takeCommand: operation('receive', 'What a client may send.', commands),
      tellEvent: operation('send', 'What the server sends.', events),
    },
    components: {
      messages,
      schemas: mapObject(copy(named), (schema) => toSchema(schema, refer, true)),
      securitySchemes,
    },
  }
}

/** `receive` and `send` are seen from the server. */
const operation = (action: 'receive' | 'send', summary: string, messages: object) => ({
  action,
  channel: refTo('channels', 'events'),
  summary,
  messages: Object.keys(messages).map((name) => refTo('channels/events/messages', name)),
})

/** What a schema says of the whole message is said of the message, and once. */
const toMessage = (name: string, schema: JsonObject, refer: Refer): JsonObject => {
  const { description = '', examples = [], ...payload } = schema
  return {
    name,
    title: String(objectOf(objectOf(payload.properties).type).const),
    description,
    contentType: 'application/json',
    payload: toSchema(payload, refer, true),
    examples: listOf(examples).map((example) => ({ payload: example })),
  }
}

const refTo = (place: string, name: string): { $ref: string } => ({ $ref: `#/${place}/${name}` })
