import { Elysia, t } from 'elysia'
import { http } from 'sheaf'
import { Id } from './id.ts'
import type { Setup } from './setup.ts'

interface User {
  id: number
  name: string
}

/** A client waits for the answer: better a 502 now than a success in a minute. */
const once = { retry: { attempts: 1 } }

/** Calls of an upstream: one, a list, and a thousand at once. */
export const users = ({ plugin, upstream }: Setup) => {
  const user = (id: number) => http<User>(`${upstream}/users/${id}`, { expect: { status: ['2xx', 404] } })
  return new Elysia({ name: 'users', prefix: '/users' })
    .use(plugin)
    .get('/', async ({ sheaf }) => {
      const [{ body }] = await sheaf.all([http<User[]>(`${upstream}/users`)], once)
      return body
    })
    .get(
      '/:id',
      async ({ params: { id }, sheaf, status }) => {
        const [found] = await sheaf.all([user(id)], once)
        return found.status === 404 ? status(404, { detail: `There is no user ${id}.` }) : found.body
      },
      { params: t.Object({ id: Id }) },
    )
    .post(
      '/lookup',
      async ({ body: { ids }, sheaf, status }) => {
        const found = await sheaf.all(ids.map(user), once)
        const missing = ids.filter((_, index) => found[index]?.status === 404)
        if (missing.length > 0) return status(404, { detail: `There is no user ${missing.join(', ')}.` })
        return found.map(({ body }) => body)
      },
      { body: t.Object({ ids: t.Array(Id, { maxItems: 1_000 }) }) },
    )
}
