import { type Static, Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import type { Health } from '../engine/engine.ts'
import { toIso } from '../engine/view.ts'
import { Problem } from '../job/errors.ts'
import { type WarningCode, warnings } from '../job/faults.ts'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'

const Ok = Type.Object({ status: Type.Literal('ok') })
const Ready = Type.Object({
  status: Type.Literal('ok'),
  warnings: Type.Optional(
    Type.Array(
      Type.Object({
        code: Type.Unsafe<WarningCode>({ type: 'string', enum: Object.keys(warnings) }),
        reason: Type.String(),
        since: Type.String({ format: 'date-time' }),
      }),
      { description: 'What is not well, although jobs are accepted and run.' },
    ),
  ),
})

/** Throws a Problem that says why no jobs are taken. */
const readinessOf = (health: Health): Static<typeof Ready> => {
  if (!health.ok) {
    const { reason, code, since } = health
    const extensions = code !== undefined && {
      reason: code,
      ...(since !== undefined && { since: toIso(since) }),
    }
    throw new Problem('unavailable', reason, { ...extensions })
  }
  const list = health.warnings?.map((warning) => ({ ...warning, since: toIso(warning.since) }))
  return { status: 'ok', ...(list && { warnings: list }) }
}

export const probes = ({ engine }: AppOptions) =>
  new Elysia()
    .get('/livez', () => ({ status: 'ok' as const }), {
      response: { 200: declared(Ok, { description: 'The process answers.' }) },
      detail: { operationId: 'livez', summary: 'Is the process alive?', tags: ['probes'], security: [] },
    })
    .get('/readyz', () => readinessOf(engine.health()), {
      response: {
        200: declared(Ready, { description: 'Jobs are accepted and run.' }),
        ...problems('unavailable'),
      },
      detail: {
        operationId: 'readyz',
        summary: 'Does the server accept jobs?',
        tags: ['probes'],
        security: [],
      },
    })
