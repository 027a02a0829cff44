import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { viewJob } from '../engine/view.ts'
import { readLabel } from '../job/selection.ts'
import { JobShape, JobStateName, listOf } from '../job/wire.ts'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'
import { fromCursor, toCursor } from './request/cursor.ts'
import { findJob } from './request/lookup.ts'
import { defaultLimit, paging } from './request/params.ts'
import { readQuery } from './request/query.ts'

const JobsQuery = Type.Object(
  {
    state: Type.Optional(JobStateName),
    name: Type.Optional(Type.String({ description: 'The whole name.' })),
    label: Type.Optional(Type.String({ description: 'A label and its value, as `name:value`.' })),
    schedule: Type.Optional(Type.String({ description: 'The id of the schedule that made it.' })),
    ...paging,
  },
  { additionalProperties: false },
)

export const jobs = ({ engine }: AppOptions) =>
  new Elysia()
    .get(
      '/jobs',
      async ({ request }) => {
        const { label, cursor, limit = defaultLimit, ...filter } = readQuery(JobsQuery, request.url)
        const before = fromCursor('jobs', cursor)
        const page = await engine.store.jobs({
          ...filter,
          label: label === undefined ? undefined : readLabel(label),
          before,
          limit,
        })
        return {
          data: page.data.map((job) => viewJob(job, engine.rate(job))),
          next: page.next === undefined ? null : toCursor('jobs', page.next),
        }
      },
      {
        query: declared(JobsQuery),
        response: {
          200: declared(listOf(JobShape), { description: 'The jobs, newest first.' }),
          ...problems('invalid'),
        },
        detail: { operationId: 'listJobs', summary: 'List the jobs', tags: ['jobs'] },
      },
    )
    .get(
      '/jobs/:id',
      async ({ params }) => {
        const job = await findJob(engine.store, params.id)
        return viewJob(job, engine.rate(job))
      },
      {
        response: {
          200: declared(JobShape, { description: 'The job as it stands.' }),
          ...problems('not_found'),
        },
        detail: { operationId: 'getJob', summary: 'Get a job', tags: ['jobs'] },
      },
    )
