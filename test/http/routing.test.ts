import { describe, expect, test } from 'bun:test'
import { Elysia, t } from 'elysia'
import { answerError } from '../../src/http/errors.ts'
import { RouteTable } from '../../src/http/routes.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { Probe } from '../engine/kit/probe.ts'
import { echoing, problemOf, startApp } from './rig.ts'

describe('a method that a path does not have', () => {
  test.each([
    ['PUT', '/jobs', 'GET, HEAD, OPTIONS, POST'],
    ['DELETE', '/jobs', 'GET, HEAD, OPTIONS, POST'],
    ['PATCH', '/jobs/01900000-0000-7000-8000-000000000000', 'DELETE, GET, HEAD, OPTIONS'],
    ['GET', '/jobs/x/cancel', 'OPTIONS, POST'],
    ['POST', '/queues', 'GET, HEAD, OPTIONS'],
    ['POST', '/queues/http%3A*', 'DELETE, GET, HEAD, OPTIONS, PUT'],
    ['DELETE', '/jobs/x/tasks', 'GET, HEAD, OPTIONS, POST'],
    ['POST', '/events', 'GET, HEAD, OPTIONS'],
    ['POST', '/', 'GET, HEAD, OPTIONS'],
  ])('%s %s is 405 with Allow: %s', async (method, path, allow) => {
    await using rig = await startApp()
    const response = await rig.send(method, path)
    expect(response.headers.get('allow')).toBe(allow)
    expect(await problemOf(response)).toMatchObject({
      status: 405,
      code: 'method_not_allowed',
      detail: `Expected one of ${allow} at ${path}, got ${method}.`,
    })
  })

  test('is 405 on a server that listens, too', async () => {
    await using rig = await startApp()
    const response = await fetch(`http://${rig.listen()}/jobs`, { method: 'PUT', body: '{}' })
    expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST')
    expect((await problemOf(response)).status).toBe(405)
  })
})

test('OPTIONS says which methods a path has', async () => {
  await using rig = await startApp()
  const response = await rig.send('OPTIONS', '/jobs')
  expect(response.status).toBe(204)
  expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST')
  expect((await rig.send('OPTIONS', '/nowhere')).status).toBe(404)
})

test('HEAD answers as GET does, without the body', async () => {
  await using rig = await startApp()
  const { id } = await rig.run([echoing()])
  const host = rig.listen()
  for (const path of [
    '/',
    '/livez',
    '/jobs',
    `/jobs/${id}`,
    `/jobs/${id}/results`,
    `/jobs/${id}/events`,
    '/swagger',
  ]) {
    const [head, get] = await Promise.all([
      fetch(`http://${host}${path}`, { method: 'HEAD' }),
      fetch(`http://${host}${path}`),
    ])
    expect(head.status).toBe(200)
    expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'))
    expect(await head.text()).toBe('')
    await get.body?.cancel()
  }
  expect((await fetch(`http://${host}/jobs/x`, { method: 'HEAD' })).status).toBe(404)
})

test('GET / says what this is, and where everything else is', async () => {
  await using rig = await startApp()
  const { name, links } = await (await rig.get('/')).json()
  expect(name).toBe('sheaf')
  for (const path of Object.values<string>(links)) expect([200, 426]).toContain((await rig.get(path)).status)
})

describe('the probes', () => {
  test('are ok while the server runs', async () => {
    await using rig = await startApp()
    expect(await (await rig.get('/livez')).json()).toEqual({ status: 'ok' })
    expect(await (await rig.get('/readyz')).json()).toEqual({ status: 'ok' })
  })

  test('tell a server that stops from one that is dead', async () => {
    await using rig = await startApp()
    await rig.engine.stop()
    expect((await rig.get('/livez')).status).toBe(200)
    expect(await problemOf(await rig.get('/readyz'))).toMatchObject({
      status: 503,
      detail: 'Sheaf is stopped.',
    })
  })
})

describe('what was not meant to be thrown', () => {
  const secret = 'SQLITE_IOERR at /var/lib/secret.db'

  test('is 500 without a word of it, and the log has it under the id that the answer names', async () => {
    await using rig = await startApp({
      wrap: (store) => {
        const probe = new Probe(store)
        probe.job = () => Promise.reject(new Error(secret))
        return probe
      },
    })
    const response = await rig.get('/jobs/01900000-0000-7000-8000-000000000000')
    const problem = await problemOf(response)
    expect(problem).toMatchObject({
      status: 500,
      code: 'internal',
      instance: expect.stringMatching(/^urn:uuid:/),
    })
    expect(JSON.stringify(problem)).not.toContain('SQLITE')
    expect(rig.logs).toMatchObject([
      {
        message: 'A request failed',
        fields: { instance: problem.instance, method: 'GET', error: { message: secret } },
      },
    ])
  })

  test.each<[what: string, thrown: unknown]>([
    ['a string', 'boom'],
    ['nothing', undefined],
    ['an object with a status', { status: 200, message: secret }],
    [
      'an error with a response',
      Object.assign(new Error(secret), { toResponse: () => new Response(secret) }),
    ],
  ])('may be %s', async (_, thrown) => {
    const response = answerError(thrown, new Request('http://localhost/x'), toolsOf(new Elysia()))
    expect(await problemOf(response)).toMatchObject({ status: 500, code: 'internal' })
  })
})

describe('a route that lets Elysia do the checking', () => {
  const app = new Elysia({ normalize: false })
  app
    .onError(({ error, request }) => answerError(error, request, toolsOf(app)) as never)
    .post('/checked', ({ body }) => body, {
      body: t.Object({ a: t.Number() }, { additionalProperties: false }),
    })
    .get('/broken', () => ({ a: 'secret' }) as never, { response: t.Object({ a: t.Number() }) })
  const post = (body: string) =>
    app.handle(
      new Request('http://localhost/checked', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      }),
    )

  test('refuses in our own words', async () => {
    expect(await problemOf(await post('{"a":"x"}'))).toMatchObject({
      status: 422,
      code: 'invalid',
      detail: 'Expected "a" to be a number, got "x".',
    })
    expect(await problemOf(await post('{"a":1,"b":2}'))).toMatchObject({
      status: 422,
      errors: [{ field: 'b' }],
    })
    expect(await problemOf(await post('{'))).toMatchObject({ status: 400, code: 'malformed' })
  })

  test('does not show an answer that broke its word', async () => {
    const problem = await problemOf(await app.handle(new Request('http://localhost/broken')))
    expect(problem.code).toBe('internal')
    expect(JSON.stringify(problem)).not.toContain('secret')
  })
})

const toolsOf = (app: { routes: readonly { method: string; path: string }[] }) => ({
  routes: new RouteTable(app),
  clock: fakeClock(),
  log: { debug() {}, info() {}, warn() {}, error() {} },
})
