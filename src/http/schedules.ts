import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { viewSchedule } from '../engine/schedules/view.ts'
import { viewJob } from '../engine/view.ts'
import { parseScheduleId } from '../job/schedule.ts'
import { JobShape, JobStateName, listOf } from '../job/wire.ts'
import { ScheduleShape, WholeScheduleSpec } from '../kinds/schedule.ts'
import { accepted } from './answer/submitted.ts'
import { declared } from './declared.ts'
import { holderOf } from './guard.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'
import { fromCursor, fromNameCursor, toCursor, toNameCursor } from './request/cursor.ts'
import { defaultLimit, paging } from './request/params.ts'
import { readQuery } from './request/query.ts'
import { found, noSchedule, readSchedule } from './request/schedule.ts'

/** Each brings its job along, which may be long. */
const mostShown = 100

const SchedulesQuery = Type.Object(
  {
    ...paging,
    limit: Type.Optional(Type.Integer({ ...paging.limit, maximum: mostShown })),
  },
  { additionalProperties: false },
)

const HistoryQuery = Type.Object(
  { state: Type.Optional(JobStateName), ...paging },
  { additionalProperties: false },
)

const location = (description: string) => ({ Location: { description, schema: Type.String() } })

const tags = ['schedules']

/** Jobs that are submitted again and again. */
/** Why what a schedule is to do is not taken. */
const refusals = problems(
  'malformed',
  'too_large',
  'unsupported_media_type',
  'invalid',
  'conflict',
  'unavailable',
)

export const schedules = (options: AppOptions) =>
  new Elysia().use(reading(options)).use(changing(options)).use(acting(options))

const reading = ({ engine }: AppOptions) =>
  new Elysia()
    .get(
      '/schedules',
      async ({ request }) => {
        const { cursor, limit = defaultLimit } = readQuery(SchedulesQuery, request.url)
        const after = fromNameCursor('schedules', cursor)
        // One more than are shown: the one that says that there is another page.
        const read = await engine.store.schedules({ after, limit: limit + 1 })
        const shown = read.slice(0, limit)
        const last = read.length > limit ? shown.at(-1) : undefined
        return {
          data: shown.map(viewSchedule),
          next: last === undefined ? null : toNameCursor('schedules', last.id),
        }
      },
      {
        query: declared(SchedulesQuery),
        response: {
          200: declared(listOf(ScheduleShape), { description: 'The schedules, by id.' }),
          ...problems('invalid'),
        },
        detail: { operationId: 'listSchedules', summary: 'List the schedules', tags },
      },
    )
    .get(
      '/schedules/:schedule',
      async ({ params: { schedule: id } }) => viewSchedule(found(await engine.store.schedule(id), id)),
      {
        response: {
          200: declared(ScheduleShape, { description: 'The schedule as it stands.' }),
          ...problems('not_found'),
        },
        detail: { operationId: 'getSchedule', summary: 'Get a schedule', tags },
      },
    )
    .get(
      '/schedules/:schedule/jobs',
      async ({ params: { schedule: id }, request }) => {
        const { state, cursor, limit = defaultLimit } = readQuery(HistoryQuery, request.url)
        const before = fromCursor('jobs', cursor)
        found(await engine.store.schedule(id), id)
        const page = await engine.store.jobs({ schedule: id, state, before, limit })
        return {
          data: page.data.map((job) => viewJob(job, engine.rate(job))),
          next: page.next === undefined ? null : toCursor('jobs', page.next),
        }
      },
      {
        query: declared(HistoryQuery),
        response: {
          200: declared(listOf(JobShape), {
            description: 'The jobs that the schedule made and that are still kept, newest first.',
          }),
          ...problems('not_found', 'invalid'),
        },
        detail: { operationId: 'listScheduleJobs', summary: 'List the jobs that a schedule made', tags },
      },
    )

const changing = ({ engine: { schedules }, clock, tokens, maxBodyBytes }: AppOptions) => {
  const put = async (id: string, request: Request) => {
    const spec = await readSchedule(request, maxBodyBytes)
    const { schedule, created } = await schedules.put(id, spec, holderOf(request, tokens)?.id)
    return { view: viewSchedule(schedule), created }
  }
  return new Elysia()
    .post(
      '/schedules',
      async ({ request, set, path, status }) => {
        const { view } = await put(clock.id(), request)
        set.headers.location = `${path.replace(/\/$/, '')}/${view.id}`
        return status(201, view)
      },
      {
        // Read in the handler, as every body is.
        parse: 'none',
        body: declared(WholeScheduleSpec),
        response: {
          201: declared(ScheduleShape, {
            description: 'The schedule, which is on disk.',
            headers: location('Where the schedule is.'),
          }),
          ...refusals,
        },
        detail: {
          operationId: 'createSchedule',
          summary: 'Create a schedule',
          description: 'With an id of the server’s. Its job is checked now, as if it were submitted.',
          tags,
        },
      },
    )
    .put(
      '/schedules/:schedule',
      async ({ params, request, set, path, status }) => {
        const { view, created } = await put(parseScheduleId(params.schedule), request)
        if (!created) return status(200, view)
        set.headers.location = path
        return status(201, view)
      },
      {
        parse: 'none',
        body: declared(WholeScheduleSpec),
        response: {
          200: declared(ScheduleShape, { description: 'The schedule, as it is from now on.' }),
          201: declared(ScheduleShape, {
            description: 'The schedule, which is new.',
            headers: location('Where the schedule is.'),
          }),
          ...refusals,
        },
        detail: {
          operationId: 'putSchedule',
          summary: 'Create a schedule with an id of your own, or replace what it is told',
          description: [
            'The same request twice is one schedule. What it has done stays; so does its next tick if expression and time',
            'zone are the same; and it stays paused, unless `paused` says otherwise.',
          ].join(' '),
          tags,
        },
      },
    )
    .delete(
      '/schedules/:schedule',
      async ({ params, status }) => {
        if (await schedules.remove(params.schedule)) return status(204, undefined)
        throw noSchedule(params.schedule)
      },
      {
        parse: 'none',
        response: {
          204: declared(Type.Void(), { description: 'The schedule is gone. The jobs that it made stay.' }),
          ...problems('not_found', 'unavailable'),
        },
        detail: { operationId: 'deleteSchedule', summary: 'Delete a schedule', tags },
      },
    )
}

const acting = ({ engine }: AppOptions) =>
  new Elysia()
    .post(
      '/schedules/:schedule/pause',
      async ({ params: { schedule: id } }) => viewSchedule(found(await engine.schedules.pause(id), id)),
      {
        ...turning('The schedule. Ticks make no jobs until it is resumed; what runs goes on.'),
        detail: { operationId: 'pauseSchedule', summary: 'Pause a schedule', tags },
      },
    )
    .post(
      '/schedules/:schedule/resume',
      async ({ params: { schedule: id } }) => viewSchedule(found(await engine.schedules.resume(id), id)),
      {
        ...turning('The schedule, which goes on with its next tick.'),
        detail: { operationId: 'resumeSchedule', summary: 'Resume a paused schedule', tags },
      },
    )
    .post(
      '/schedules/:schedule/run',
      async ({ params: { schedule: id }, set, path, status }) => {
        const { asked, submitted } = found(await engine.schedules.run(id), id)
        const { type, job } = accepted(asked, submitted)
        set.headers.location = path.replace(/\/schedules\/[^/]*\/run\/?$/, `/jobs/${job.id}`)
        const view = viewJob(job, engine.rate(job))
        return type === 'created' ? status(202, view) : status(200, view)
      },
      {
        parse: 'none',
        response: {
          200: declared(JobShape, {
            description: 'There is a job of the same `unique` key, and this is that one.',
            headers: location('Where the job is.'),
          }),
          202: declared(JobShape, {
            description: 'The job, which is on disk.',
            headers: location('Where the job is.'),
          }),
          ...problems('not_found', 'invalid', 'quota_exceeded', 'too_many_queued', 'unavailable'),
        },
        detail: {
          operationId: 'runSchedule',
          summary: 'Submit the job of a schedule at once',
          description: 'Paused or not, and whatever jobs of it have not ended; its ticks stay as they are.',
          tags,
        },
      },
    )

const turning = (description: string) => ({
  parse: 'none' as const,
  response: {
    200: declared(ScheduleShape, { description }),
    ...problems('not_found', 'conflict', 'unavailable'),
  },
})
