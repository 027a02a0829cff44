import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { listOf, TaskShape, TaskStateName, WholeTaskShape } from '../job/wire.ts'
import { jsonResponse } from './answer/json.ts'
import { KeptPages } from './answer/kept-pages.ts'
import { taskPage } from './answer/task-page.ts'
import { wholeTaskText } from './answer/task-text.ts'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'
import { fromCursor } from './request/cursor.ts'
import { findJob, findTask, lookUp, noJob } from './request/lookup.ts'
import { defaultLimit, paging } from './request/params.ts'
import { readQuery, searchOf } from './request/query.ts'

const TasksQuery = Type.Object(
  { state: Type.Optional(TaskStateName), ...paging },
  { additionalProperties: false },
)

export const tasks = ({ engine: { store } }: AppOptions) => {
  const kept = new KeptPages()
  return new Elysia()
    .get(
      '/jobs/:id/tasks',
      async ({ params, request: { url } }) => {
        const job = await lookUp(store, params.id)
        const known = job && kept.find(job, searchOf(url))
        if (known !== undefined) return jsonResponse(known)
        const { state, cursor, limit = defaultLimit } = readQuery(TasksQuery, url)
        const from = fromCursor('tasks', cursor)
        if (job === undefined) throw noJob(params.id)
        const page = await taskPage(store, job, { state, from, limit })
        kept.keep(job, searchOf(url), page)
        return jsonResponse(page)
      },
      {
        query: declared(TasksQuery),
        response: {
          200: declared(listOf(TaskShape), {
            description: 'In input order. A page of long outputs may hold fewer than `limit`.',
          }),
          ...problems('not_found', 'invalid'),
        },
        detail: { operationId: 'listTasks', summary: 'List the tasks of a job', tags: ['tasks'] },
      },
    )
    .get(
      '/jobs/:id/tasks/:task',
      async ({ params }) => {
        const job = await findJob(store, params.id)
        const task = await findTask(store, job, params.task)
        const [after, failures] = await Promise.all([
          store.dependencies(job, task.index),
          store.failures(job, task.index),
        ])
        return jsonResponse(wholeTaskText(task, { job, after, failures }))
      },
      {
        response: {
          200: declared(WholeTaskShape, {
            description: 'The task, with its input and each attempt that failed.',
          }),
          ...problems('not_found'),
        },
        detail: { operationId: 'getTask', summary: 'Get one task', tags: ['tasks'] },
      },
    )
}
