import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
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
  asyncapi: '/asyncapi.json',
  livez: '/livez',
  readyz: '/readyz',
  metrics: '/metrics',
} as const

const Root = Type.Object({
  name: Type.Literal('sheaf'),
  version: Type.String(),
  links: Type.Record(Type.String(), Type.String()),
})

export const root = ({ prefix = '' }: AppOptions) => {
  const here = Object.fromEntries(Object.entries(links).map(([name, path]) => [name, prefix + path]))
  return new Elysia().get('/', () => ({ name: 'sheaf' as const, version, links: here }), {
    response: {
      200: declared(Root, { description: 'What this is, and where everything else is.' }),
      ...problems(),
    },
    detail: { operationId: 'root', summary: 'Name, version and links', tags: ['probes'] },
  })
}
