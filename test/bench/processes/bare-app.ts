import { Elysia } from 'elysia'
import { serveTool } from '../rig/tool.ts'

/** What to answer with: captured from Sheaf, so that the bytes are the same. */
export interface AppQuestion {
  status: number
  headers: Record<string, string>
  body: string
}

/** The least that an Elysia app can do: routes that parse what comes, do nothing with it, and answer what they were told to. */
let answer: AppQuestion = { status: 204, headers: {}, body: '' }
const respond = () => new Response(answer.body, answer)

const app = new Elysia()
  .post('/jobs', ({ body }) => {
    if (typeof body !== 'object') throw new Error('Expected the body to be parsed')
    return respond()
  })
  .get('/jobs/:id', respond)
  .get('/jobs/:id/tasks', respond)
  .listen({ hostname: '127.0.0.1', port: 0, reusePort: false })

/** Takes what is to be answered from now on; tells the address. */
serveTool<AppQuestion, string>((question) => {
  answer = question
  return `http://127.0.0.1:${app.server?.port}`
})
