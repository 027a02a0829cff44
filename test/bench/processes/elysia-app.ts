import { Database } from 'bun:sqlite'
import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { defineHandler, http, sheaf } from '../../../src/index.ts'
import { serveTool } from '../rig/tool.ts'

export interface ElysiaQuestion {
  upstream: string
  /** The app's own. */
  database: string
  /** Sheaf's. */
  jobs: string
}

interface User {
  id: string
}

const count = defineHandler({
  name: 'count',
  input: Type.String(),
  output: Type.Number(),
  run: (email) => email.length,
})

/** The endpoints of `fastapi_app.py`, in an Elysia app that uses the plugin. Tells its address. */
serveTool<ElysiaQuestion, string>(({ upstream, database, jobs }) => {
  const urls = Array.from({ length: 100 }, (_, index) => `${upstream}/users/${index}`)
  const row = new Database(database).query('select id, name, email from users where id = ?')
  const app = new Elysia()
    .use(sheaf({ handlers: [count], database: jobs, egressAllow: '127.0.0.1', log: 'warn' }))
    .get('/hello', () => ({ message: 'Hello World' }))
    .get('/wait', async () => {
      await Bun.sleep(20)
      return { message: 'Waited' }
    })
    .get('/gather', () => Promise.all(urls.map(async (url) => (await fetch(url)).json())))
    .get('/gather/durable', async ({ sheaf }) => {
      const answers = await sheaf.all(urls.map((url) => http<User>(url)))
      return answers.map(({ body }) => body)
    })
    .get('/row', () => row.get(500))
    .post('/signup', async ({ sheaf }) => {
      await sheaf.background(count, 'a@example.com')
      return { message: 'Later' }
    })
    .listen({ hostname: '127.0.0.1', port: 0, reusePort: false })
  return `http://127.0.0.1:${app.server?.port}`
})
