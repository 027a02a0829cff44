import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { listOf, TaskShape, TaskStateName, WholeTaskShape } from '../job/wire.ts'
import { jsonResponse } from './answer/json.ts'
import { lengthOf, taskPages } from './answer/task-pages.ts'
import { taskText, wholeTaskText } from './answer/task-text.ts'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'
import { fromCursor, toCursor } from './request/cursor.ts'
import { findJob, findTask } from './request/lookup.ts'
import { defaultLimit, paging } from './request/params.ts'
import { readQuery } from './request/query.ts'

const TasksQuery = Type.Object(
  { state: Type.Optional(TaskStateName), ...paging },
  { additionalProperties: false },
)

/** A page is cut short once it is so long, in characters; its `next` goes on from there. */
const longestPage = 8 * 1024 * 1024

export const tasks = ({ engine: { store } }: AppOptions) =>
  new Elysia()
    .get(
      '/jobs/:id/tasks',
      async ({ params, request }) => {
        const { state, cursor, limit = defaultLimit } = readQuery(TasksQuery, request.url)
        const from = fromCursor('tasks', cursor)
        const job = await findJob(store, params.id)
        const texts: string[] = []
        let next: number | undefined
        let length = 0
        for await (const page of taskPages(store, job, { state, from, limit })) {
          for (const task of page.data) texts.push(taskText(task))
          next = page.next
          length += lengthOf(page.data)
          if (length > longestPage) break
        }
        return jsonResponse(
          `{"data":[${texts.join(',')}],"next":${JSON.stringify(next === undefined ? null : toCursor('tasks', next))}}`,
        )
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
