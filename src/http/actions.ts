import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import type { Engine } from '../engine/engine.ts'
import { viewJob } from '../engine/view.ts'
import { Problem } from '../job/errors.ts'
import { JobShape, type JobView } from '../job/wire.ts'
import type { Action, JobRecord } from '../store/store.ts'
import { declared } from './declared.ts'
import type { AppOptions } from './options.ts'
import { problems } from './problem.ts'
import { isJobId, noJob } from './request/lookup.ts'

/** What can be done to a job that is there, and to which jobs it can be done: the words of a refusal. */
const allowed = {
  cancel: 'a job that is scheduled, running or paused',
  pause: 'a job that is running',
  resume: 'a job that is paused',
  retry: 'a job that has ended with failed or cancelled tasks',
  delete: 'a job that has ended',
} as const satisfies Record<Action['type'], string>

export const actions = ({ engine }: AppOptions) =>
  new Elysia()
    .post('/jobs/:id/cancel', ({ params }) => act(engine, 'cancel', params.id), {
      ...acting('The job: stopping until its running tasks have stopped, then cancelled.'),
      detail: { operationId: 'cancelJob', summary: 'Cancel a job', tags: ['jobs'] },
    })
    .post('/jobs/:id/pause', ({ params }) => act(engine, 'pause', params.id), {
      ...acting('The job. What runs goes on; nothing new starts.'),
      detail: { operationId: 'pauseJob', summary: 'Pause a job', tags: ['jobs'] },
    })
    .post('/jobs/:id/resume', ({ params }) => act(engine, 'resume', params.id), {
      ...acting('The job, running again.'),
      detail: { operationId: 'resumeJob', summary: 'Resume a paused job', tags: ['jobs'] },
    })
    .post('/jobs/:id/retry', ({ params }) => act(engine, 'retry', params.id), {
      ...acting(
        'The job, running again: its failed and cancelled tasks are queued, with all their attempts.',
      ),
      detail: {
        operationId: 'retryJob',
        summary: 'Run the failed and cancelled tasks of an ended job again',
        tags: ['jobs'],
      },
    })
    .delete(
      '/jobs/:id',
      async ({ params, status }) => {
        await change(engine, 'delete', params.id)
        return status(204, undefined)
      },
      {
        parse: 'none',
        response: {
          204: declared(Type.Void(), { description: 'The job is gone, and its tasks with it.' }),
          ...problems('not_found', 'conflict', 'unavailable'),
        },
        detail: { operationId: 'deleteJob', summary: 'Delete an ended job', tags: ['jobs'] },
      },
    )

const acting = (description: string) => ({
  parse: 'none' as const,
  response: { 200: declared(JobShape, { description }), ...problems('not_found', 'conflict', 'unavailable') },
})

/** Does something to a job. Throws a Problem that says why that cannot be. */
export const act = async (engine: Engine, type: Action['type'], id: string): Promise<JobView> => {
  const job = await change(engine, type, id)
  return viewJob(job, engine.rate(job))
}

const change = async (engine: Engine, type: Action['type'], id: string): Promise<JobRecord> => {
  if (!isJobId(id)) throw noJob(id)
  const acted = await engine.act({ type, job: id.toLowerCase() })
  switch (acted.type) {
    case 'done':
      return acted.job
    case 'missing':
      throw noJob(id)
    case 'refused':
      throw new Problem(
        'conflict',
        `Expected ${allowed[type]} to ${type}, got one that is ${acted.job.state}.`,
      )
    default:
      return acted satisfies never
  }
}
