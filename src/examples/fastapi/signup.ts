import { Elysia, t } from 'elysia'
import { call, defineHandler, email, literal } from 'sheaf'
import type { Setup } from './setup.ts'

export const logLine = defineHandler({
  name: 'log-line',
  input: t.Object({ line: t.String() }),
  run: ({ line }) => {
    console.log(line)
    return null
  },
})

/** Work after the response: the `BackgroundTasks` of FastAPI, kept when the process dies before they ran. */
export const signup = ({ plugin }: Setup) =>
  new Elysia({ name: 'signup' }).use(plugin).post(
    '/signup',
    async ({ body, sheaf, status }) => {
      // What a stranger wrote is literal: nothing in it is a placeholder.
      const to = literal(body.email)
      const job = await sheaf.submit(
        [
          email({ key: 'welcome', to, subject: 'Welcome', text: 'Good to have you with us.' }),
          call(logLine, { line: `Welcomed ${to}` }, { after: ['welcome'] }),
        ],
        { name: 'welcome' },
      )
      return status(202, { message: 'A welcome is on its way', job: job.id })
    },
    { body: t.Object({ email: t.String({ format: 'email' }) }) },
  )
