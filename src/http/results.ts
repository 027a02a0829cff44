import { Elysia } from 'elysia'
import { expected, Problem } from '../job/errors.ts'
import { hasEnded } from '../job/state.ts'
import { listOf, ResultShape } from '../job/wire.ts'
import type { JobRecord } from '../store/store.ts'
import { asCompleted } from './answer/results/as-completed.ts'
import { Bell } from './answer/results/bell.ts'
import { bodyOf } from './answer/results/body.ts'
import { type Format, formatNames, formats, resultTypes, textsOf } from './answer/results/formats.ts'
import { inOrder } from './answer/results/in-order.ts'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'
import { acceptedOf } from './request/accept.ts'
import { findJob, noJob } from './request/lookup.ts'
import { longestWait } from './request/prefer.ts'
import { ResultsQuery, readResultsQuery } from './request/results-query.ts'
import { allowSilence, allowSilenceForEver } from './request/silence.ts'

export const results = (options: AppOptions) => {
  const { engine } = options
  return new Elysia().get(
    '/jobs/:id/results',
    async ({ params, request, server }) => {
      const query = readResultsQuery(request.url)
      const format = formatOf(request.headers, query)
      let job = await findJob(engine.store, params.id)
      const { order, wait = 0 } = query
      if (order === undefined) {
        if (wait > 0 && job.outcome === undefined) allowSilence(server, request, wait)
        job = await decided(job, { wait, signal: request.signal }, options)
      }
      checkStart(job, query)
      const live = !hasEnded(job.state)
      if (live && format.beat === undefined) allowSilenceForEver(server, request)
      const headers = { 'content-type': format.contentType, vary: 'accept', ...(live && unbuffered) }
      const body = request.method === 'HEAD' ? null : stream(job, { query, format, live }, options)
      return new Response(body, { headers })
    },
    {
      query: declared(ResultsQuery),
      response: {
        200: declared(listOf(ResultShape), {
          description: [
            'Every result. With `application/x-ndjson`, a result a line, and nothing around them; a line may begin with spaces, which keep a silent connection open.',
            'With `text/csv` (RFC 4180), a header and a row each: index, key, state, attempt, output, error and, with `order=completion`, seq.',
            "Output and error are JSON text. A key that begins with one of = + - @ ' has another ' before it, as a spreadsheet would run it.",
          ].join(' '),
          contentTypes: [...resultTypes],
        }),
        ...problems('not_found', 'not_acceptable', 'conflict', 'invalid', 'unavailable'),
      },
      detail: {
        operationId: 'getResults',
        summary: 'Get the results',
        description: [
          'In input order, of a job whose outcome is known; with `order`, of any job. Streamed, as tasks end, until the job has: once the outcome is known,',
          'what has not ended is being cancelled, and comes when it is. So their number costs no memory.',
          'A connection that is cut short of the end means that the server stopped, or that the job was deleted or, in input order, taken up again (`retry`):',
          'go on with `after` or `from`. By `order=completion`, a task that is taken up again comes once more when it ends again, with a higher seq.',
        ].join(' '),
        tags: ['results'],
      },
    },
  )
}

/** What proxies are told of a stream without an end in sight. */
const unbuffered = { 'cache-control': 'no-store', 'x-accel-buffering': 'no' }

const formatOf = (headers: Headers, { format }: ResultsQuery): Format => {
  const type = format === undefined ? acceptedOf(headers.get('accept'), resultTypes) : formatNames[format]
  if (type !== undefined) return formats[type]
  throw new Problem('not_acceptable', `Expected "Accept" to allow one of ${resultTypes.join(', ')}.`)
}

interface Patience {
  /** In seconds. */
  wait: number
  signal: AbortSignal
}

/** The job once its outcome is known. Throws a Problem if it is not within that time. */
const decided = async (
  job: JobRecord,
  { wait, signal }: Patience,
  { engine }: AppOptions,
): Promise<JobRecord> => {
  if (job.outcome !== undefined) return job
  const latest = wait > 0 ? await engine.decided(job.id, wait * 1000, signal) : job
  if (latest === undefined) throw noJob(job.id)
  if (latest.outcome !== undefined) return latest
  const health = engine.health()
  // Who waited was cut short: the job goes on after a restart.
  if (wait > 0 && !health.ok) throw new Problem('unavailable', health.reason)
  throw new Problem(
    'conflict',
    `Job ${job.id} is ${latest.state}, and has results when its outcome is known. Wait for it with ?wait=${longestWait}, or take them as they come with ?order=completion.`,
  )
}

/** Throws a Problem for a place that the job has not come to yet. */
const checkStart = ({ seq, counts: { total } }: JobRecord, { after = 0, from = 0 }: ResultsQuery): void => {
  if (after > seq)
    throw new Problem('invalid', expected('after', `between 0 and ${seq}, the latest seq of the job`, after))
  if (from > total)
    throw new Problem(
      'invalid',
      expected('from', `between 0 and ${total}, the number of tasks of the job`, from),
    )
}

interface Wanted {
  query: ResultsQuery
  format: Format
  /** Whether more is to come than there is. */
  live: boolean
}

const stream = (
  { id, seq }: JobRecord,
  { query: { order, after = 0, from = 0 }, format, live }: Wanted,
  { engine, clock, streams, log }: AppOptions,
): ReadableStream<Uint8Array> => {
  if (live && streams.closed) throw stopping()
  const bell = new Bell(engine, id)
  const source = { store: engine.store, bell, job: id }
  const isByCompletion = order === 'completion'
  const found = isByCompletion
    ? asCompleted(source, after)
    : inOrder(source, { from, endedAs: live ? undefined : seq })
  let forget = () => {}
  const body = bodyOf(textsOf(found, format, isByCompletion), {
    clock,
    beat: live ? format.beat : undefined,
    ended(error) {
      bell.stop()
      forget()
      if (error !== undefined && !(error instanceof Problem))
        log.warn('Results were cut short', { job: id, error })
    },
  })
  // One that ends by itself is let do so when the server stops.
  if (live) forget = streams.add('results', () => body.cut(stopping()))
  return body.stream
}

const stopping = () => new Problem('unavailable', 'The server is stopping.')
