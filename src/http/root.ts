import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { declared } from './declared.ts'
import { problems } from './problem.ts'
import { version } from './version.ts'

const links = {
  jobs: '/jobs',
  queues: '/queues',
  schedules: '/schedules',
  events: '/events',
  handlers: '/handlers',
  docs: '/swagger',
  openapi: '/swagger/json',
  livez: '/livez',
  readyz: '/readyz',
} as const

const Root = Type.Object({
  name: Type.Literal('sheaf'),
  version: Type.String(),
  links: Type.Record(Type.String(), Type.String()),
})

export const root = () =>
  new Elysia().get('/', () => ({ name: 'sheaf' as const, version, links }), {
    response: {
      200: declared(Root, { description: 'What this is, and where everything else is.' }),
      ...problems(),
    },
    detail: { operationId: 'root', summary: 'Name, version and links', tags: ['probes'] },
  })
