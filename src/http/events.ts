import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { expected, Problem } from '../job/errors.ts'
import { hasEnded } from '../job/state.ts'
import { comeAgain, SseStream } from './answer/sse.ts'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'
import { acceptedOf } from './request/accept.ts'
import { filterParameters, readFilter } from './request/filter.ts'
import { findJob } from './request/lookup.ts'
import { readQuery } from './request/query.ts'

const EventsQuery = Type.Object(
  {
    after: Type.Optional(
      Type.Integer({
        minimum: 0,
        description:
          'The last seq that was seen. Without it (and without Last-Event-ID): from now on, with a snapshot.',
      }),
    ),
    ...filterParameters,
    ticket: Type.Optional(
      Type.String({ description: 'From POST /tickets, where no token can be sent along.' }),
    ),
  },
  { additionalProperties: false },
)

const mediaType = 'text/event-stream'

const headers = {
  'content-type': mediaType,
  // A proxy that compressed the stream would hold events back, too.
  'cache-control': 'no-store, no-transform',
  // nginx would hold them back until its buffer is full.
  'x-accel-buffering': 'no',
}

export const events = ({ engine, clock, streams, log, socketBufferBytes }: AppOptions) =>
  new Elysia().get(
    '/jobs/:id/events',
    async ({ params, request }) => {
      const { after, ...parameters } = readQuery(EventsQuery, request.url)
      const filter = readFilter(parameters)
      checkAccept(request.headers)
      const seen = lastEventId(request.headers)
      const job = await findJob(engine.store, params.id)
      const cursor = cursorOf(seen, after, job.seq)
      if (seen === job.seq && hasEnded(job.state)) return enough()
      // To any status but 200, an EventSource that comes while the server stops would never come back.
      if (request.method === 'HEAD' || streams.closed) return new Response(comeAgain(), { headers })
      streams.checkRoom()

      let forget = () => {}
      const stream = new SseStream((reader) => engine.follow(job.id, { after: cursor, filter }, reader), {
        clock,
        bufferBytes: socketBufferBytes,
        ended(error) {
          forget()
          if (error !== undefined) log.error('An event stream broke', { job: job.id, error })
        },
      })
      forget = streams.add('sse', () => stream.end())
      return new Response(stream.body, { headers })
    },
    {
      query: declared(EventsQuery),
      response: {
        200: declared(Type.String(), {
          description:
            'Server-Sent Events: the messages of the channel, each with its type as `event` and its seq as `id`.',
          contentTypes: ['text/event-stream'],
        }),
        204: declared(Type.Void(), {
          description: 'The job has ended, and its last event was seen: there is no reason to connect again.',
        }),
        ...problems('not_found', 'not_acceptable', 'invalid', 'unavailable'),
      },
      detail: {
        operationId: 'followJob',
        summary: 'Follow a job',
        description:
          'Everything that happens to the job, in order and without a gap, until it ends. A browser that loses the connection resumes by itself, by `Last-Event-ID`.',
        tags: ['events'],
      },
    },
  )

/** EventSource connects again for ever, unless it is told to stop in this way (WHATWG HTML, 9.2.3). */
const enough = () => new Response(null, { status: 204 })

const checkAccept = (headers: Headers): void => {
  const accept = headers.get('accept')
  if (acceptedOf(accept, [mediaType]) === undefined)
    throw new Problem('not_acceptable', expected('Accept', `to allow ${mediaType}`, accept))
}

const lastEventId = (headers: Headers): number | undefined => {
  const text = headers.get('last-event-id')
  if (text === null || text === '') return undefined
  const seq = /^\d{1,15}$/.test(text) ? Number(text) : undefined
  if (seq === undefined)
    throw new Problem('invalid', expected('Last-Event-ID', 'to be the id of an earlier event', text))
  return seq
}

/** Where to go on: the header wins, as an EventSource that connects again does so with the query that it began with. */
const cursorOf = (
  seen: number | undefined,
  after: number | undefined,
  latest: number,
): number | undefined => {
  const [name, cursor] = seen === undefined ? ['after', after] : ['Last-Event-ID', seen]
  if (cursor === undefined || cursor <= latest) return cursor
  throw new Problem('invalid', expected(name, `between 0 and ${latest}, the latest seq of the job`, cursor))
}
