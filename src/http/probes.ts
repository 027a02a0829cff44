import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { Problem } from '../job/errors.ts'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'

const Ok = Type.Object({ status: Type.Literal('ok') })

export const probes = ({ engine }: AppOptions) =>
  new Elysia()
    .get('/livez', () => ({ status: 'ok' as const }), {
      response: { 200: declared(Ok, { description: 'The process answers.' }) },
      detail: { operationId: 'livez', summary: 'Is the process alive?', tags: ['probes'], security: [] },
    })
    .get(
      '/readyz',
      () => {
        const health = engine.health()
        if (!health.ok) throw new Problem('unavailable', health.reason)
        return { status: 'ok' as const }
      },
      {
        response: {
          200: declared(Ok, { description: 'Jobs are accepted and run.' }),
          ...problems('unavailable'),
        },
        detail: {
          operationId: 'readyz',
          summary: 'Does the server accept jobs?',
          tags: ['probes'],
          security: [],
        },
      },
    )
