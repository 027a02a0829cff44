import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { commands } from '../job/commands.ts'
import { events } from '../job/events.ts'
import { QueueShape } from '../job/queue-wire.ts'
import { LimitsSpec } from '../job/queues.ts'
import { CountsShape, FailureShape, JobShape } from '../job/wire.ts'
import { ChannelQuery } from './channel.ts'
import { declared } from './declared.ts'
import { toAsyncApi } from './docs/asyncapi.ts'
import { bearer, info } from './docs/info.ts'

const securitySchemes = {
  bearer,
  ticket: {
    type: 'httpApiKey',
    in: 'query',
    name: 'ticket',
    description: 'In place of a token, for a page: POST /tickets gives one, for one connection.',
  },
}

/** The document for the place where the app is mounted. */
const documentFor = (base: string) =>
  toAsyncApi({
    address: `${base}/events`,
    info,
    commands: Object.fromEntries(commands.map(({ name, schema }) => [name, schema])),
    events,
    named: {
      Job: JobShape,
      Counts: CountsShape,
      Failure: FailureShape,
      Queue: QueueShape,
      Limits: LimitsSpec,
    },
    query: ChannelQuery,
    securitySchemes,
  })

/** What `/swagger/json` is for REST, for the channel. */
export const asyncApi = () => {
  let document: ReturnType<typeof documentFor> | undefined
  return new Elysia().get(
    '/asyncapi.json',
    ({ path }) => {
      document ??= documentFor(path.replace(/\/asyncapi\.json\/?$/, ''))
      return document
    },
    {
      response: {
        200: declared(Type.Record(Type.String(), Type.Unknown()), {
          description: 'AsyncAPI 3.0: each message of the channel, with its schema and examples.',
        }),
      },
      detail: {
        operationId: 'asyncApi',
        summary: 'The channel, as an AsyncAPI document',
        tags: ['events'],
        security: [],
      },
    },
  )
}
