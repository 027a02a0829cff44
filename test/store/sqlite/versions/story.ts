import { Type } from '@sinclair/typebox'
import { defineHandler } from '../../../../src/index.ts'
import type { JobState } from '../../../../src/job/state.ts'
import type { JobView } from '../../../../src/job/wire.ts'
import type { JobSpec } from '../../../../src/kinds/spec.ts'

/** Every schema that a release wrote, and the present one. Only ever append. */
export const released: readonly number[] = [1]

export const echo = defineHandler({ name: 'echo', input: Type.Unknown(), run: (input) => input })

export const broken = defineHandler({
  name: 'broken',
  input: Type.Unknown(),
  run: () => {
    throw new Error('It is broken')
  },
})

/** Runs for as long as its server does; once taken back it ends at once. */
export const patient = defineHandler({
  name: 'patient',
  input: Type.Unknown(),
  run: (input, { attempt, signal }) =>
    attempt > 1
      ? input
      : new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
})

export const handlers = [echo, broken, patient]

/** What the server has to be told so that it takes these jobs. */
export const env = { SHEAF_WEBHOOK_SECRETS: `whsec_${'A'.repeat(32)}` }

/** Where nobody listens: what is to be told there waits. */
export const hook = 'http://127.0.0.1:9/hook'

const hour = 3_600_000
const call = (handler: 'echo' | 'broken' | 'patient', input: unknown = null) =>
  ({ kind: 'call', handler, input }) as const

/** What a server was doing when it was killed, by the names of the jobs: something of all that a schema has to hold. */
export const jobs = {
  ended: {
    mode: 'allSettled',
    labels: { team: 'growth' },
    tasks: [
      { ...call('echo', { n: 1 }), key: 'first' },
      { ...call('broken'), retry: { attempts: 2, delayMs: 0 } },
    ],
  },
  running: {
    mode: 'all',
    priority: 7,
    concurrency: 2,
    // In one queue, so that the third is the one that waits.
    queue: 'line',
    tasks: [
      { ...call('patient', 1), key: 'a' },
      { ...call('patient', 2), key: 'b' },
      call('echo', 3),
      { ...call('echo', '{{tasks.a.output}}'), after: ['a', { task: 'b', on: 'ended' }] },
    ],
  },
  each: {
    each: {
      items: ['x', 'y', 'z'],
      task: { ...call('echo', '{{item}}-{{index}}'), key: 'of-{{item}}', queue: 'of-{{item}}' },
    },
    delayMs: hour,
  },
  paused: { tasks: [{ ...call('echo', 1), delayMs: hour }] },
  told: { webhook: { url: hook }, tasks: [call('echo', 1)] },
  narrow: { queue: 'narrow', unique: { key: 'only-one' }, tasks: [call('echo', 1), call('echo', 2)] },
} as const satisfies Record<string, JobSpec>

export type Name = keyof typeof jobs

/** How each of them stands when the server is killed. */
export const standing: Record<Name, { state: JobState; counts: Partial<JobView['counts']> }> = {
  ended: { state: 'succeeded', counts: { succeeded: 1, failed: 1 } },
  running: { state: 'running', counts: { running: 2, queued: 1, blocked: 1 } },
  each: { state: 'scheduled', counts: { queued: 3 } },
  paused: { state: 'paused', counts: { queued: 1 } },
  told: { state: 'succeeded', counts: { succeeded: 1 } },
  narrow: { state: 'running', counts: { queued: 2 } },
}

/** A schedule of this id, which misses a tick in the time that the database is closed. */
export const hourly = { cron: '0 * * * *', missed: 'once', job: { name: 'hourly', tasks: [call('echo', 7)] } }

export const idempotencyKey = (name: Name) => `of-${name}`
