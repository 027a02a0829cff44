import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { startLoopback } from '../../src/testing.ts'
import { ChildProcess } from '../support/process.ts'
import { json, startExample, told } from './rig.ts'

/** A client is a process of its own: Bun has 256 requests under way in one, and those of the app are to be others. */
const askForEach = (url: string) => `
  const ids = Array.from({ length: 1_000 }, (_, index) => index + 1)
  const users = ids.map(async (id) => (await fetch('${url}/users/' + id)).json())
  console.log(JSON.stringify((await Promise.all(users)).map(({ id }) => id)))`

test('a thousand users are asked for at once in as many requests, and each gets its own', async () => {
  await using api = startLoopback({
    'GET /users/:id': ({ params }) => Response.json({ id: Number(params.id) }),
  })
  await using example = startExample({ upstream: api.url })
  await using client = new ChildProcess([process.execPath, '-e', askForEach(example.url)], import.meta.dir)
  const ids: unknown = JSON.parse(await client.stdout.line(/./))
  expect(ids).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1))
  expect(api.requests).toHaveLength(1_000)
})

test('users are waited for together: the upstream has a hundred requests before it answers one', async () => {
  let arrived = 0
  const together = Promise.withResolvers<void>()
  await using api = startLoopback({
    'GET /users/:id': async ({ params }) => {
      arrived += 1
      if (arrived === 100) together.resolve()
      await together.promise
      return Response.json({ id: Number(params.id) })
    },
  })
  await using example = startExample({ upstream: api.url })
  const ids = Array.from({ length: 100 }, (_, index) => index + 1)
  const [status] = await told(fetch(`${example.url}/users/lookup`, json('POST', { ids })))
  expect(status).toBe(200)
})

test('a statement that reads the whole table holds up nobody: who asks later is answered before', async () => {
  await using example = startExample()
  fill(example.database, 1_000_000)
  const order: string[] = []
  const total = told(fetch(`${example.url}/items/total`)).then((answer) => {
    order.push('total')
    return answer
  })
  expect(await told(fetch(`${example.url}/items/7`))).toEqual([200, { id: 7, name: 'Tea', cents: 7 }])
  order.push('item')
  expect(await total).toEqual([200, { items: 1_000_000, cents: 500_000_500_000 }])
  expect(order).toEqual(['item', 'total'])
})

const fill = (file: string, count: number) => {
  const database = new Database(file)
  database.run(
    `with recursive n (i) as (select 1 union all select i + 1 from n where i < ?)
     insert into items (name, cents) select 'Tea', i from n`,
    [count],
  )
  database.close()
}

test('the database is set up when the app starts, and closed when it stops', async () => {
  await using example = startExample()
  expect(existsSync(`${example.database}-wal`)).toBe(true)
  await example.app.stop(true)
  // SQLite removes it when the last connection is closed.
  expect(existsSync(`${example.database}-wal`)).toBe(false)
})
