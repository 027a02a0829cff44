import { describe, expect, test } from 'bun:test'
import { treaty } from '@elysiajs/eden'
import { startLoopback } from '../../src/testing.ts'
import { exampleApp, json, settledOf, startExample, told } from './rig.ts'

describe('an endpoint that waits for 2 s', () => {
  test('delays no other: a hundred wait at once, and are done in 2 s', async () => {
    await using example = startExample()
    const { clock, url, waits } = example
    const begun = clock.now()
    const asked = Array.from({ length: 100 }, () => told(fetch(`${url}/slow`)))
    await waits.reach(100)
    const anySettled = settledOf(Promise.race(asked))
    expect(await told(fetch(`${url}/hello`))).toEqual([200, { message: 'Hello' }])
    await clock.advance(1_999)
    expect(await told(fetch(`${url}/hello`))).toEqual([200, { message: 'Hello' }])
    expect(anySettled()).toBe(false)
    await clock.advance(1)
    expect(new Set((await Promise.all(asked)).map(String))).toHaveProperty('size', 1)
    expect(clock.now() - begun).toBe(2_000)
  })
})

const userAt = ({ params: { id = '' } }: { params: Readonly<Record<string, string | undefined>> }) =>
  Number(id) > 1_000
    ? new Response('none', { status: 404 })
    : Response.json({ id: Number(id), name: `User ${id}` })

describe('calls of an upstream', () => {
  test('give one user, and a list', async () => {
    const list = [{ id: 1, name: 'User 1' }]
    await using api = startLoopback({ 'GET /users': () => Response.json(list), 'GET /users/:id': userAt })
    await using example = startExample({ upstream: api.url })
    expect(await told(fetch(`${example.url}/users/7`))).toEqual([200, { id: 7, name: 'User 7' }])
    expect(await told(fetch(`${example.url}/users`))).toEqual([200, list])
  })

  test('give a thousand users that were asked for at once, in the order of the question', async () => {
    const { promise: crowded, resolve } = Promise.withResolvers<void>()
    let asked = 0
    await using api = startLoopback({
      // Nobody is answered before two hundred have asked: fewer at once would wait for ever.
      'GET /users/:id': async (request) => {
        asked += 1
        if (asked === 200) resolve()
        await crowded
        return userAt(request)
      },
    })
    await using example = startExample({ upstream: api.url })
    const ids = Array.from({ length: 1_000 }, (_, index) => 1_000 - index)
    const [status, users] = await told(fetch(`${example.url}/users/lookup`, json('POST', { ids })))
    expect(status).toBe(200)
    expect(users).toEqual(ids.map((id) => ({ id, name: `User ${id}` })))
    expect(asked).toBe(1_000)
  })

  test('say what was wrong: 400 for a wrong id, 404 for an unknown one, 502 for an upstream that fails', async () => {
    await using api = startLoopback({
      'GET /users': () => new Response('broken', { status: 500 }),
      'GET /users/:id': userAt,
    })
    await using example = startExample({ upstream: api.url })
    const ask = (path: string, init?: RequestInit) => told(fetch(example.url + path, init))
    const wrong = { detail: 'Expected "id" to be a whole number from 1.' }
    expect(await ask('/users/seven')).toEqual([400, wrong])
    expect(await ask('/users/0')).toEqual([400, wrong])
    expect(await ask('/users/1001')).toEqual([404, { detail: 'There is no user 1001.' }])
    expect(await ask('/users/lookup', json('POST', { ids: [1, 1_001] }))).toEqual([
      404,
      { detail: 'There is no user 1001.' },
    ])
    expect(await ask('/nowhere')).toEqual([404, { detail: 'There is nothing at /nowhere.' }])
    const broken = { detail: expect.stringContaining('got 500'), code: 'unexpected_status' }
    expect(await ask('/users')).toEqual([502, broken])
    await api[Symbol.asyncDispose]()
    const down = { detail: expect.stringMatching(/./), code: 'connect_failed' }
    expect(await ask('/users/1')).toEqual([502, down])
  })
})

describe('work with a database', () => {
  test('creates, finds and lists, and has a process of its own for what takes long', async () => {
    await using example = startExample()
    const ask = (path: string, init?: RequestInit) => told(fetch(example.url + path, init))
    expect(await ask('/items')).toEqual([200, []])
    const tea = { id: 1, name: 'Tea', cents: 350 }
    expect(await ask('/items', json('POST', { name: 'Tea', cents: 350 }))).toEqual([201, tea])
    expect(await ask('/items/1')).toEqual([200, tea])
    expect(await ask('/items')).toEqual([200, [tea]])
    expect(await ask('/items/2')).toEqual([404, { detail: 'There is no item 2.' }])
    expect(await ask('/items', json('POST', { name: '', cents: 1 }))).toMatchObject([400, {}])
    expect(await ask('/items/total')).toEqual([200, { items: 1, cents: 350 }])
  })

  test('makes the table when the app starts, and closes the file when it stops', async () => {
    await using example = exampleApp()
    const { app } = example
    const status = async () => (await app.handle(new Request('http://localhost/items'))).status
    expect(await status()).toBe(500)
    app.listen({ port: 0, hostname: '127.0.0.1' })
    expect(await status()).toBe(200)
    await app.stop()
    expect(await status()).toBe(500)
  })
})

describe('tasks at once', () => {
  test('of 3 s and 2 s are gathered in 3 s, in the order in which they were named', async () => {
    await using example = startExample()
    const { clock, url, waits } = example
    const begun = clock.now()
    const asked = told(fetch(`${url}/breakfast`))
    const settled = settledOf(asked)
    await waits.reach(2)
    await clock.advance(2_999)
    expect(await told(fetch(`${url}/hello`))).toMatchObject([200, {}])
    expect(settled()).toBe(false)
    await clock.advance(1)
    expect(await asked).toEqual([200, ['coffee', 'tea']])
    expect(clock.now() - begun).toBe(3_000)
  })

  test.each([
    ['all', 1_000, 502, { detail: 'The milk is spoiled.', code: 'handler_failed' }],
    ['race', 1_000, 502, { detail: 'The milk is spoiled.', code: 'handler_failed' }],
    ['any', 2_000, 200, 'tea'],
    ['allSettled', 3_000, 200, ['coffee', 'The milk is spoiled.', 'tea']],
  ])('of which one fails: %s is decided after %d ms', async (mode, ms, status, body) => {
    await using example = startExample()
    const { clock, url, waits } = example
    const asked = fetch(`${url}/spoiled/${mode}`)
    const settled = settledOf(asked)
    await waits.reach(3)
    await clock.advance(ms - 1)
    await fetch(`${url}/hello`)
    expect(settled()).toBe(false)
    await clock.advance(1)
    const response = await asked
    expect(response.status).toBe(status)
    const text = await response.text()
    expect(text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text).toEqual(body)
  })
})

describe('work for the processor', () => {
  test('is done in a thread: the loop answers others meanwhile', async () => {
    await using example = startExample()
    const asked = told(fetch(`${example.url}/primes/2000000`))
    const settled = settledOf(asked)
    const running = async () => {
      const { data } = await (await fetch(`${example.url}/sheaf/jobs?state=running`)).json()
      return data.length > 0
    }
    while (!(await running())) expect(settled()).toBe(false)
    expect(await told(fetch(`${example.url}/hello`))).toMatchObject([200, {}])
    expect(settled()).toBe(false)
    expect(await asked).toEqual([200, { primes: 148_933 }])
  }, 20_000)
})

describe('files', () => {
  test('are written and read', async () => {
    await using example = startExample()
    const at = `${example.url}/notes/first`
    const headers = { 'content-type': 'text/plain' }
    expect(await told(fetch(at))).toEqual([404, { detail: 'There is no note "first".' }])
    expect(await told(fetch(at, { method: 'PUT', headers, body: 'Hello, note.' }))).toEqual([
      201,
      { bytes: 12 },
    ])
    expect(await (await fetch(at)).text()).toBe('Hello, note.')
    expect(await told(fetch(`${example.url}/notes/..%2Fapp.db`))).toMatchObject([400, {}])
  })
})

describe('the docs', () => {
  test('of the app are at /swagger, and those of Sheaf under its prefix', async () => {
    await using example = startExample()
    const paths = async (at: string) => Object.keys((await (await fetch(example.url + at)).json()).paths)
    const own = await paths('/swagger/json')
    expect(own).toEqual(expect.arrayContaining(['/users/{id}', '/items/', '/signup', '/reports']))
    expect(own.filter((path) => path.startsWith('/sheaf'))).toEqual([])
    expect(await paths('/sheaf/swagger/json')).toContain('/sheaf/jobs/{id}')
    const page = await fetch(`${example.url}/swagger`)
    expect(page.headers.get('content-type')).toContain('text/html')
  })
})

describe('tests', () => {
  test('need no port, and know the types of every answer', async () => {
    await using api = startLoopback({ 'GET /users/:id': userAt })
    await using example = exampleApp({ upstream: api.url })
    const client = treaty<typeof example.app>(example.app)
    const { data } = await client.users({ id: 7 }).get()
    expect(data).toEqual({ id: 7, name: 'User 7' })
    const { status } = await client.users({ id: 1_001 }).get()
    expect(status).toBe(404)
    expect(example.app.server).toBeNull()
  })
})
