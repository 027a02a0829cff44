import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { viewQueue } from '../engine/queue-view.ts'
import { Problem, show } from '../job/errors.ts'
import { QueueShape } from '../job/queue-wire.ts'
import { LimitsSpec } from '../job/queues.ts'
import { listOf } from '../job/wire.ts'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'
import { fromNameCursor, toNameCursor } from './request/cursor.ts'
import { readLimits } from './request/limits.ts'
import { defaultLimit, paging } from './request/params.ts'
import { readQuery } from './request/query.ts'
import { readQueueName } from './request/queue-name.ts'

const QueuesQuery = Type.Object(paging, { additionalProperties: false })

/** What limits how fast tasks run: by name, or by pattern of names. */
export const queues = ({ engine, maxBodyBytes }: AppOptions) =>
  new Elysia()
    .get(
      '/queues',
      async ({ request }) => {
        const { cursor, limit = defaultLimit } = readQuery(QueuesQuery, request.url)
        const after = fromNameCursor('queues', cursor)
        // One more than are shown: the one that says that there is another page.
        const found = await engine.queues({ after, limit: limit + 1 })
        const shown = found.slice(0, limit)
        const last = found.length > limit ? shown.at(-1) : undefined
        return {
          data: shown.map(viewQueue),
          next: last === undefined ? null : toNameCursor('queues', last.name),
        }
      },
      {
        query: declared(QueuesQuery),
        response: {
          200: declared(listOf(QueueShape), {
            description: 'By name: the queues that have limits of their own, or tasks that wait or run.',
          }),
          ...problems('invalid'),
        },
        detail: { operationId: 'listQueues', summary: 'List the queues', tags: ['queues'] },
      },
    )
    .get('/queues/:name', async ({ params }) => viewQueue(await engine.queue(readQueueName(params.name))), {
      response: {
        200: declared(QueueShape, {
          description: 'The queue as it stands; one that was never used has what patterns give it.',
        }),
        ...problems('invalid'),
      },
      detail: { operationId: 'getQueue', summary: 'Get a queue', tags: ['queues'] },
    })
    .put(
      '/queues/:name',
      async ({ params, request }) => {
        const name = readQueueName(params.name)
        await engine.limit(name, await readLimits(request, maxBodyBytes))
        return viewQueue(await engine.queue(name))
      },
      {
        // Read in the handler, as every body is.
        parse: 'none',
        body: declared(LimitsSpec),
        response: {
          200: declared(QueueShape, { description: 'The queue. The limits are on disk, and in force.' }),
          ...problems('malformed', 'too_large', 'unsupported_media_type', 'invalid', 'unavailable'),
        },
        detail: {
          operationId: 'limitQueue',
          summary: 'Set the limits of a queue, or of a pattern of names',
          description: [
            'In place of what was set for exactly this name. What the limits leave out is taken from the pattern that fits',
            'best, then from the defaults; `null` says that there is no such limit.',
          ].join(' '),
          tags: ['queues'],
        },
      },
    )
    .delete(
      '/queues/:name',
      async ({ params, status }) => {
        const name = readQueueName(params.name)
        if (await engine.limit(name, undefined)) return status(204, undefined)
        throw new Problem('not_found', `Nothing is set for the queue ${show(name)}.`)
      },
      {
        parse: 'none',
        response: {
          204: declared(Type.Void(), { description: 'Nothing is set for this name any more.' }),
          ...problems('not_found', 'invalid', 'unavailable'),
        },
        detail: {
          operationId: 'unlimitQueue',
          summary: 'Remove the limits that were set for a name',
          description: 'What waits in the queue goes on, under what patterns and defaults give it.',
          tags: ['queues'],
        },
      },
    )
