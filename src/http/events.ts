import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { expected, Problem } from '../job/errors.ts'
import { hasEnded } from '../job/state.ts'
import { SseStream } from './answer/sse.ts'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'
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
  },
  { additionalProperties: false },
)

const headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  // nginx would hold the events back until its buffer is full.
  'x-accel-buffering': 'no',
}

export const events = ({ engine, clock, streams, log, socketBufferBytes }: AppOptions) =>
  new Elysia().get(
    '/jobs/:id/events',
    async ({ params, request }) => {
      const { after, ...parameters } = readQuery(EventsQuery, request.url)
      const filter = readFilter(parameters)
      const seen = lastEventId(request.headers)
      const job = await findJob(engine.store, params.id)
      if (seen !== undefined && seen >= job.seq && hasEnded(job.state)) return enough()
      const cursor = seen ?? after
      if (cursor !== undefined && cursor > job.seq)
        throw new Problem(
          'invalid',
          expected('after', `between 0 and ${job.seq}, the latest seq of the job`, cursor),
        )
      if (request.method === 'HEAD') return new Response(null, { headers })
      if (streams.closed) throw new Problem('unavailable', 'The server is stopping.')

      let forget = () => {}
      const stream = new SseStream((reader) => engine.follow(job.id, { after: cursor, filter }, reader), {
        clock,
        bufferBytes: socketBufferBytes,
        ended(error) {
          forget()
          if (error !== undefined) log.error('An event stream broke', { job: job.id, error })
        },
      })
      forget = streams.add(() => stream.end())
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
        ...problems('not_found', 'invalid', 'unavailable'),
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

const lastEventId = (headers: Headers): number | undefined => {
  const text = headers.get('last-event-id')
  if (text === null || text === '') return undefined
  const seq = /^\d{1,15}$/.test(text) ? Number(text) : undefined
  if (seq === undefined)
    throw new Problem('invalid', expected('Last-Event-ID', 'to be the id of an earlier event', text))
  return seq
}
