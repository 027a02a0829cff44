import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { listOf } from '../job/wire.ts'
import { describeHandlers } from '../kinds/call/describe.ts'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'

const Schema = (description: string) => Type.Record(Type.String(), Type.Unknown(), { description })

const HandlerShape = Type.Object({
  name: Type.String(),
  input: Schema('The JSON Schema of its input.'),
  output: Type.Optional(Schema('The JSON Schema of its output; absent if that can be anything.')),
  isolation: Type.Unsafe<'loop' | 'thread' | 'process'>({
    type: 'string',
    enum: ['loop', 'thread', 'process'],
  }),
})

/** What `call` tasks can run here; it does not change while the server runs. */
export const handlers = ({ handlers }: AppOptions) => {
  const list = { data: describeHandlers(handlers), next: null }
  return new Elysia().get('/handlers', () => list, {
    response: {
      200: declared(listOf(HandlerShape), { description: 'By name.' }),
      ...problems(),
    },
    detail: { operationId: 'listHandlers', summary: 'List the handlers of this server', tags: ['handlers'] },
  })
}
