import { Elysia, t } from 'elysia'
import { call, defineHandler } from 'sheaf'
import type { Setup, Wait } from './setup.ts'

export const report = (wait: Wait) =>
  defineHandler({
    name: 'report',
    input: t.Object({ pages: t.Number() }),
    output: t.String(),
    run: async ({ pages }, { progress }) => {
      for (let page = 1; page <= pages; page++) {
        await wait(500)
        progress({ done: page, total: pages })
      }
      return `A report of ${pages} pages`
    },
  })

/** A task queue with progress: Celery beside FastAPI, and the socket that one writes for it. */
export const reports = ({ plugin }: Setup) =>
  new Elysia({ name: 'reports' }).use(plugin).post(
    '/reports',
    async ({ body, sheaf, status }) => {
      const task = call<ReturnType<typeof report>>('report', body)
      const job = await sheaf.background(task, { name: 'report' })
      return status(202, { job: job.id, socket: '/sheaf/events', results: `/sheaf/jobs/${job.id}/results` })
    },
    { body: t.Object({ pages: t.Integer({ minimum: 1, maximum: 100 }) }) },
  )
