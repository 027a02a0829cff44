import { type Static, Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { viewJob } from '../engine/view.ts'
import { accepts } from '../job/check.ts'
import { explain, invalid } from '../job/explain.ts'
import { limits } from '../job/limits.ts'
import { JobShape, oneOf } from '../job/wire.ts'
import { AdditionSpec, LooseAddition } from '../kinds/spec.ts'
import type { JobRecord } from '../store/store.ts'
import { declared } from './declared.ts'
import { addRows } from './intake/add.ts'
import { addLines } from './intake/lines.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'
import { bodyType, readBody } from './request/body.ts'
import { jsonOf } from './request/json.ts'
import { findJob } from './request/lookup.ts'
import { readQuery } from './request/query.ts'
import { Rows } from './request/rows.ts'
import { Upload } from './request/upload.ts'

const LinesQuery = Type.Object(
  {
    from: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: limits.tasks,
        description:
          'With NDJSON, in place of the field of that name: how many tasks the job is to have before these.',
      }),
    ),
    seal: Type.Optional(oneOf(['true', 'false'], 'With NDJSON, in place of the field of that name.')),
  },
  { additionalProperties: false },
)

const noQuery = Type.Object({}, { additionalProperties: false })

const location = {
  Location: { description: 'Where the job is.', schema: Type.String() },
}

/** More tasks for a job that was submitted with `sealed: false`, or whose upload broke off. */
export const additions = (options: AppOptions) => {
  const { engine } = options
  return new Elysia()
    .post(
      '/jobs/:id/tasks',
      async ({ params, request, set, path, status }) => {
        const job = await add(request, await findJob(engine.store, params.id), options)
        set.headers.location = path.replace(/\/tasks\/?$/, '')
        return status(202, viewJob(job, engine.rate(job)))
      },
      {
        parse: 'none',
        query: declared(LinesQuery),
        body: declared(AdditionSpec),
        response: {
          202: declared(JobShape, { description: 'The job. The tasks are on disk.', headers: location }),
          ...problems(
            'malformed',
            'not_found',
            'conflict',
            'too_large',
            'unsupported_media_type',
            'invalid',
            'quota_exceeded',
            'too_many_queued',
            'unavailable',
          ),
        },
        detail: {
          operationId: 'addTasks',
          summary: 'Add tasks to a job that is not sealed',
          description: [
            'As one JSON value, all of them or none; or as NDJSON, a task a line or, where the job has an `each`, an item a line.',
            'Lines are stored as they come, 1,000 at a time: a problem says with `accepted` how many tasks the job has, and so where to go on.',
            'With `from`, which is that number, nothing is added twice however often it is sent.',
          ].join(' '),
          tags: ['tasks'],
        },
      },
    )
    .post(
      '/jobs/:id/seal',
      async ({ params }) => {
        const job = await findJob(engine.store, params.id)
        const sealed = await addRows(Rows.of('tasks', []), { job, from: undefined, seal: true }, options)
        return viewJob(sealed, engine.rate(sealed))
      },
      {
        parse: 'none',
        response: {
          200: declared(JobShape, { description: 'The job, which takes no more tasks.' }),
          ...problems('not_found', 'unavailable'),
        },
        detail: {
          operationId: 'sealJob',
          summary: 'Say that a job has all its tasks',
          tags: ['jobs'],
        },
      },
    )
}

const types = ['application/json', 'application/x-ndjson'] as const

const add = async (request: Request, job: JobRecord, options: AppOptions): Promise<JobRecord> => {
  const { clock, maxBodyBytes } = options
  if (bodyType(request, types) === 'application/json') {
    readQuery(noQuery, request.url)
    const { from, seal = false, ...rest } = await readAddition(request, maxBodyBytes)
    return addRows(rowsOf(rest, job), { job, from, seal }, options)
  }
  const { from, seal } = readQuery(LinesQuery, request.url)
  await using upload = new Upload(request, { clock, maxBytes: maxBodyBytes, digest: false })
  const field = job.template === undefined ? 'tasks' : 'items'
  return await addLines(upload, { job, from, seal: seal === 'true', field, start: 0 }, options)
}

const readAddition = async (request: Request, maxBytes: number): Promise<Loose> => {
  const { bytes } = await readBody(request, types, maxBytes)
  const value = jsonOf(bytes, 'body')
  if (accepts(LooseAddition, value)) return value
  throw invalid(explain(LooseAddition, value))
}

type Loose = Static<typeof LooseAddition>

/** Tasks; or items, where the job has a template that makes tasks of them. */
const rowsOf = (given: Pick<Loose, 'tasks' | 'items'>, { template }: JobRecord): Rows => {
  const [field, other, why] =
    template === undefined ? (['tasks', 'items', 'without'] as const) : (['items', 'tasks', 'with'] as const)
  const values = given[field]
  if (values !== undefined && given[other] === undefined) return Rows.of(field, values)
  const message = `Expected "${field}" alone, as the job was submitted ${why} an "each", got ${got(given)}.`
  throw invalid([{ field: values === undefined ? field : other, message }])
}

const got = ({ tasks, items }: Pick<Loose, 'tasks' | 'items'>): string => {
  if (tasks === undefined) return items === undefined ? 'nothing' : '"items"'
  return items === undefined ? '"tasks"' : 'both'
}
