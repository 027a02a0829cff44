import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { Problem } from '../job/errors.ts'
import { hasEnded } from '../job/state.ts'
import { listOf, ResultShape } from '../job/wire.ts'
import { resultStream, resultTypes } from './answer/result-stream.ts'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'
import { acceptedOf } from './request/accept.ts'
import { findJob, noJob } from './request/lookup.ts'
import { longestWait } from './request/prefer.ts'
import { readQuery } from './request/query.ts'
import { allowSilence } from './request/silence.ts'

const ResultsQuery = Type.Object(
  {
    wait: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: longestWait,
        description:
          'Seconds to wait for the job to end: what is left of it is still cancelled when its outcome is known.',
      }),
    ),
  },
  { additionalProperties: false },
)

export const results = ({ engine, log }: AppOptions) =>
  new Elysia().get(
    '/jobs/:id/results',
    async ({ params, request, server }) => {
      const { wait = 0 } = readQuery(ResultsQuery, request.url)
      const type = acceptedOf(request.headers.get('accept'), resultTypes)
      if (type === undefined)
        throw new Problem('not_acceptable', `Expected "Accept" to allow one of ${resultTypes.join(', ')}.`)
      let job = await findJob(engine.store, params.id)
      if (wait > 0 && !hasEnded(job.state)) {
        allowSilence(server, request, wait)
        const ended = await engine.ended(job.id, wait * 1000, request.signal)
        if (ended === undefined) throw noJob(job.id)
        job = ended
        const health = engine.health()
        // Who waited was cut short: the job goes on after a restart.
        if (!hasEnded(job.state) && !health.ok) throw new Problem('unavailable', health.reason)
      }
      if (!hasEnded(job.state))
        throw new Problem(
          'conflict',
          `Job ${job.id} is ${job.state}, and has results when it has ended. Wait for it with ?wait=${longestWait}, or follow /jobs/${job.id}/events.`,
        )
      const headers = { 'content-type': type, vary: 'accept' }
      if (request.method === 'HEAD') return new Response(null, { headers })
      const failed = (error: unknown) => log.warn('Results were cut short', { job: params.id, error })
      return new Response(resultStream(engine.store, job, type, failed), { headers })
    },
    {
      query: declared(ResultsQuery),
      response: {
        200: declared(listOf(ResultShape), {
          description:
            'Every result, in input order. With `Accept: application/x-ndjson`: a result a line, and nothing around them.',
          contentTypes: [...resultTypes],
        }),
        ...problems('not_found', 'not_acceptable', 'conflict', 'invalid', 'unavailable'),
      },
      detail: {
        operationId: 'getResults',
        summary: 'Get the results',
        description:
          'Of a job that has ended; streamed, so that their number costs no memory. A connection that is cut short of the end means that the job was deleted or taken up again meanwhile.',
        tags: ['results'],
      },
    },
  )
