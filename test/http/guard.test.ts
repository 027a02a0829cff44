import { describe, expect, test } from 'bun:test'
import { RawConnection } from './raw.ts'
import { problemOf, startApp } from './rig.ts'
import { handshakeHeaders as handshake } from './websocket/raw-socket.ts'

/** Asks a server that listens, with exactly these headers. */
const ask = async (address: string, path: string, headers: Record<string, string>, method = 'GET') => {
  using connection = await RawConnection.open(address)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  await connection.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}Content-Length: 0\r\n\r\n`)
  return await connection.readResponse()
}

describe('without tokens', () => {
  test.each(['localhost', 'localhost:3000', 'LOCALHOST', '127.0.0.1:80', '127.1.2.3', '[::1]', '[::1]:3000'])(
    'the host %s is this machine',
    async (host) => {
      await using rig = await startApp()
      expect((await ask(rig.listen(), '/jobs', { Host: host })).status).toBe(200)
    },
  )

  test.each([
    'example.com',
    'localhost.example.com',
    '127.0.0.1.example.com',
    '10.0.0.1:3000',
    '128.0.0.1',
    '[::2]',
    '0.0.0.0',
  ])('the host %s is not, as when a name was rebound to this address', async (host) => {
    await using rig = await startApp()
    const address = rig.listen()
    for (const path of ['/jobs', '/', '/livez', '/swagger']) {
      const { status, body } = await ask(address, path, { Host: host })
      expect(status).toBe(403)
      expect(JSON.parse(body)).toMatchObject({ code: 'forbidden', detail: expect.stringContaining(host) })
    }
    expect((await ask(address, '/events', { Host: host, ...handshake })).status).toBe(403)
  })

  test.each(['https://example.com', 'http://localhost:3001', 'http://127.0.0.1:3000', 'null', 'file://', ''])(
    'a page of %j gets nowhere, neither with a request nor with a WebSocket',
    async (origin) => {
      await using rig = await startApp()
      const address = rig.listen()
      const headers = { Host: 'localhost:3000', Origin: origin }
      expect((await ask(address, '/jobs', headers)).status).toBe(403)
      expect((await ask(address, '/jobs', headers, 'POST')).status).toBe(403)
      expect((await ask(address, '/events', { ...headers, ...handshake })).status).toBe(403)
    },
  )

  test.each([
    ['cross-site', 'no-cors', 403],
    ['same-site', 'cors', 403],
    ['cross-site', 'navigate', 200],
    ['same-origin', 'cors', 200],
    ['none', 'navigate', 200],
  ])('what a page embeds, which names no origin, is told by its site: %s, %s', async (site, mode, status) => {
    await using rig = await startApp()
    const fetched = { 'sec-fetch-site': site, 'sec-fetch-mode': mode }
    expect((await rig.get('/jobs', fetched)).status).toBe(status)
  })

  test('a page of the server itself is served', async () => {
    await using rig = await startApp()
    const address = rig.listen()
    const headers = { Host: 'localhost:3000', Origin: 'http://localhost:3000' }
    expect((await ask(address, '/jobs', headers)).status).toBe(200)
    expect((await ask(address, '/events', { ...headers, ...handshake })).status).toBe(101)
    // A proxy that speaks TLS leaves out the port.
    expect((await ask(address, '/jobs', { Host: 'localhost', Origin: 'https://localhost' })).status).toBe(200)
  })

  test('an app that is called in process needs no host', async () => {
    await using rig = await startApp()
    expect((await rig.get('/jobs')).status).toBe(200)
    expect((await rig.get('/jobs', { origin: 'http://localhost' })).status).toBe(403)
  })
})

describe('with tokens', () => {
  const secrets = {
    read: 'a-secret-for-reading',
    submit: 'a-secret-for-submitting',
    admin: 'a-secret-for-admins',
  }
  const tokens = Object.entries(secrets)
    .map(([scope, secret]) => `${scope}:${secret}`)
    .join()
  const bearing = (scope: keyof typeof secrets) => ({ authorization: `Bearer ${secrets[scope]}` })

  test.each([
    ['no header', {}, 'Bearer realm="sheaf"'],
    ['another scheme', { authorization: 'Basic YTpi' }, 'Bearer realm="sheaf"'],
    ['no token', { authorization: 'Bearer' }, 'Bearer realm="sheaf"'],
    [
      'a wrong token',
      { authorization: 'Bearer not-one-of-them-at-all' },
      'Bearer realm="sheaf", error="invalid_token"',
    ],
  ])('%s is 401, with a challenge', async (_, headers, challenge) => {
    await using rig = await startApp({ tokens })
    for (const path of ['/', '/jobs', '/events', '/jobs/x/events']) {
      const response = await rig.get(path, headers)
      expect(response.headers.get('www-authenticate')).toBe(challenge)
      expect(await problemOf(response)).toMatchObject({ status: 401, code: 'unauthorized' })
    }
  })

  test('a bad request without a token is 401 before anything else is said of it', async () => {
    await using rig = await startApp({ tokens })
    expect((await rig.get('/jobs?limit=0')).status).toBe(401)
    expect((await rig.send('POST', '/jobs', '{')).status).toBe(401)
  })

  test('the probes and the documentation are open', async () => {
    await using rig = await startApp({ tokens })
    for (const path of [
      '/livez',
      '/readyz',
      '/swagger',
      '/swagger/json',
      '/swagger/start.js',
      '/asyncapi.json',
    ])
      expect((await rig.get(path)).status).toBe(200)
  })

  test('nothing else is open, whatever routes there are', async () => {
    await using rig = await startApp({ tokens })
    const open = /^\/(livez|readyz|asyncapi\.json|swagger(\/.*)?)$/
    const guarded = rig.app.routes.filter(({ path }) => !open.test(path))
    expect(guarded.length).toBeGreaterThan(10)
    for (const { method, path } of guarded)
      expect((await rig.send(method === 'WS' ? 'GET' : method, path)).status).toBe(401)
  })

  test('read may look, and do nothing', async () => {
    await using rig = await startApp({ tokens })
    expect((await rig.get('/jobs', bearing('read'))).status).toBe(200)
    for (const [method, path] of [
      ['POST', '/jobs'],
      ['POST', '/jobs/x/cancel'],
      ['DELETE', '/jobs/x'],
    ] as const) {
      const response = await rig.send(method, path, undefined, bearing('read'))
      expect(response.headers.get('www-authenticate')).toContain('error="insufficient_scope", scope="submit"')
      expect(await problemOf(response)).toMatchObject({
        status: 403,
        code: 'forbidden',
        detail: 'Expected a token with the scope "submit", got one with "read".',
      })
    }
  })

  test.each(['submit', 'admin'] as const)('%s may also submit and act', async (scope) => {
    await using rig = await startApp({ tokens })
    const response = await rig.post('/jobs', { tasks: [] }, bearing(scope))
    expect(response.status).toBe(202)
    const { id } = await response.json()
    expect((await rig.get(`/jobs/${id}`, bearing(scope))).status).toBe(200)
    expect((await rig.send('DELETE', `/jobs/${id}`, undefined, bearing(scope))).status).toBe(204)
  })

  test('only admin may set the limits of queues, and read may see them', async () => {
    await using rig = await startApp({ tokens })
    for (const path of ['/queues', '/queues/api'])
      expect((await rig.get(path, bearing('read'))).status).toBe(200)
    const json = { 'content-type': 'application/json' }
    for (const scope of ['read', 'submit'] as const)
      for (const [method, body] of [['PUT', '{}'], ['DELETE']] as const) {
        const response = await rig.send(method, '/queues/api', body, { ...json, ...bearing(scope) })
        expect(response.headers.get('www-authenticate')).toContain('scope="admin"')
        expect(await problemOf(response)).toMatchObject({
          status: 403,
          detail: `Expected a token with the scope "admin", got one with "${scope}".`,
        })
      }
    const admin = bearing('admin')
    expect((await rig.send('PUT', '/queues/api', '{}', { ...json, ...admin })).status).toBe(200)
    expect((await rig.send('DELETE', '/queues/api', undefined, admin)).status).toBe(204)
  })

  test('a WebSocket needs one before it opens', async () => {
    await using rig = await startApp({ tokens })
    const address = rig.listen()
    const headers = { Host: 'sheaf.example.com', ...handshake }
    expect((await ask(address, '/events', headers)).status).toBe(401)
    expect(
      (await ask(address, '/events', { ...headers, Authorization: `Bearer ${secrets.read}` })).status,
    ).toBe(101)
    expect(
      (await ask(address, '/events', { ...headers, Authorization: `bearer  ${secrets.read}` })).status,
    ).toBe(101)
  })

  test('the host and the origin may be any: a token is nothing that a browser sends by itself', async () => {
    await using rig = await startApp({ tokens })
    const headers = {
      Host: 'sheaf.example.com',
      Origin: 'https://app.example.com',
      Authorization: `Bearer ${secrets.read}`,
    }
    expect((await ask(rig.listen(), '/jobs', headers)).status).toBe(200)
  })
})
