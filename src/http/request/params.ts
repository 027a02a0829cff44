import { Type } from '@sinclair/typebox'
import { limits } from '../../job/limits.ts'
import { ScheduleId } from '../../job/schedule.ts'

/** What the names in the paths stand for, for the documentation. Anything else than that is 404, so nobody checks it. */
export const pathParameters = {
  id: Type.String({ format: 'uuid', description: 'The id of the job.' }),
  task: Type.String({ description: 'The index of the task in its job, from 0, or its key.' }),
  schedule: ScheduleId,
  webhook: Type.String({ description: 'The id of an endpoint of webhooks.' }),
  delivery: Type.String({ description: 'The id of a delivery: its `webhook-id`.' }),
  name: Type.String({
    description: 'The name of a queue, or a pattern of names with `*`; percent-encoded.',
    example: 'http:api.example.com',
  }),
}

export const defaultLimit = 50

/** What the query of every list takes. */
export const paging = {
  cursor: Type.Optional(Type.String({ description: 'The `next` of the page before.' })),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: limits.page,
      default: defaultLimit,
      description: 'How many to return, at most.',
    }),
  ),
}
