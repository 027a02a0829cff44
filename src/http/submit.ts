import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { viewJob } from '../engine/view.ts'
import { expected, Problem } from '../job/errors.ts'
import { JobShape } from '../job/wire.ts'
import { parseJob, prepareJob } from '../kinds/prepare.ts'
import { JobSpec } from '../kinds/spec.ts'
import type { Idempotency, JobRecord, Owner } from '../store/store.ts'
import type { Accepted } from './answer/submitted.ts'
import { declared } from './declared.ts'
import { holderOf } from './guard.ts'
import { submitLines } from './intake/lines.ts'
import { acceptedBy } from './intake/progress.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'
import { bodyType, digestOf } from './request/body.ts'
import { namingLines } from './request/lines.ts'
import { longestWait, preferredWait } from './request/prefer.ts'
import { allowSilence } from './request/silence.ts'
import { readSubmission, submissionTypes } from './request/submission.ts'
import { Upload } from './request/upload.ts'

const text = Type.String()
const answerHeaders = {
  Location: { description: 'Where the job is.', schema: text },
  'Idempotent-Replayed': {
    description: '`true` when the key was used before: this is the job from then.',
    schema: text,
  },
  'Sheaf-Unique': {
    description: '`existing` when this is a job from before, of the same `unique` key.',
    schema: text,
  },
  'Preference-Applied': { description: 'The `wait` that was honoured, in seconds.', schema: text },
}

export const submit = (options: AppOptions) => {
  const { engine } = options
  return new Elysia().post(
    '/jobs',
    async ({ request, server, set, path, status }) => {
      const submitted = await take(request, options)

      set.headers.location = `${path}/${submitted.job.id}`
      if (submitted.type === 'repeated') set.headers['idempotent-replayed'] = 'true'
      if (submitted.type === 'existing') set.headers['sheaf-unique'] = 'existing'
      const wait = preferredWait(request.headers)
      let job: JobRecord = submitted.job
      if (wait !== undefined) {
        set.headers['preference-applied'] = `wait=${wait}`
        allowSilence(server, request, wait)
        job = (await engine.decided(job.id, wait * 1000, request.signal)) ?? job
      }
      const view = viewJob(job, engine.rate(job))
      const done = wait !== undefined && job.outcome !== undefined
      return done || submitted.type === 'existing' ? status(200, view) : status(202, view)
    },
    {
      // The body is read in the handler: after the guards, within its bounds, and with our own messages.
      parse: 'none',
      body: declared(JobSpec),
      response: {
        200: declared(JobShape, {
          description:
            'The job was accepted, and its outcome was known within the time of `Prefer: wait=N`: it has ended, or its last tasks are being cancelled. Or none was made, as there is one of the same `unique` key, and this is that one.',
          headers: answerHeaders,
        }),
        202: declared(JobShape, {
          description: 'The job and all its tasks are on disk.',
          headers: answerHeaders,
        }),
        ...problems(
          'malformed',
          'too_large',
          'unsupported_media_type',
          'invalid',
          'idempotency_mismatch',
          'quota_exceeded',
          'too_many_queued',
          'idempotency_pending',
          'gone',
          'unavailable',
        ),
      },
      detail: {
        operationId: 'submitJob',
        summary: 'Submit a job',
        description: [
          'As one JSON value; or as NDJSON, the job on line one and then a task a line or, with `each`, an item a line;',
          'or as a form of two files, the job and its items, as CSV or NDJSON. JSON and forms are read and checked before',
          'anything is stored: a mistake in the last item runs nothing. Lines are stored and run as they come, the first 1,000',
          'or 1 MiB as a whole: a problem after these says with `job` and `accepted` how far it got, and the rest can be added.',
        ].join(' '),
        tags: ['jobs'],
        parameters: [
          {
            in: 'header',
            name: 'Idempotency-Key',
            description:
              'Makes it safe to send the request again: the same key and body give the same job. The body is compared byte by byte, a form with its boundary.',
            schema: { type: 'string', minLength: 1, maxLength: 255 },
          },
          {
            in: 'header',
            name: 'Prefer',
            description: `\`wait=N\` (RFC 7240): answer as soon as the outcome of the job is known, or after N seconds, at most ${longestWait}.`,
            schema: { type: 'string', example: 'wait=10' },
          },
        ],
      },
    },
  )
}

/** Takes in what was sent as a job, in the form that it has. */
const take = async (request: Request, options: AppOptions): Promise<Accepted> => {
  const { engine, kinds, clock, secrets, maxBodyBytes } = options
  const key = idempotencyKeyOf(request.headers)
  const type = bodyType(request, submissionTypes)
  const meta = { id: clock.id(), now: clock.now(), owner: ownerOf(request, options), secrets }
  if (type === 'application/x-ndjson') {
    await using upload = new Upload(request, { clock, maxBytes: maxBodyBytes, digest: key !== undefined })
    return await submitLines(upload, { meta, key }, options)
  }
  const submission = await readSubmission(request, maxBodyBytes)
  const idempotency: Idempotency | undefined =
    key === undefined ? undefined : { key, digest: digestOf(submission.bytes) }
  const asked = namingLines(submission, () =>
    prepareJob(parseJob(submission.value), kinds, { ...meta, idempotency }),
  )
  return acceptedBy(engine, asked, await engine.submit(asked))
}

/** Whose job it is, where there are tokens. */
const ownerOf = (
  request: Request,
  { tokens, maxQueuedPerToken }: Pick<AppOptions, 'tokens' | 'maxQueuedPerToken'>,
): Owner | undefined => {
  const token = holderOf(request, tokens)
  return token && { id: token.id, mostWaiting: maxQueuedPerToken }
}

const idempotencyKeyOf = (headers: Headers): string | undefined => {
  const key = headers.get('idempotency-key')
  if (key === null || /^[\x20-\x7e]{1,255}$/.test(key)) return key ?? undefined
  throw new Problem('invalid', expected('Idempotency-Key', 'to be 1 to 255 printable ASCII characters', key))
}
