import { Type } from '@sinclair/typebox'
import { limits } from '../../job/limits.ts'

const id = Type.String({ format: 'uuid', description: 'The id of the job.' })

export const JobParams = Type.Object({ id })

export const TaskParams = Type.Object({
  id,
  task: Type.String({ description: 'The index of the task in its job, from 0, or its key.' }),
})

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
