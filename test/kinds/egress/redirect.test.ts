import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { parseAllow } from '../../../src/kinds/egress/allow.ts'
import { createEgress, type EgressInit } from '../../../src/kinds/egress/egress.ts'
import { followRedirects, RedirectFailed, type RedirectOptions } from '../../../src/kinds/egress/redirect.ts'
import { EgressRefused } from '../../../src/kinds/egress/refused.ts'
import { startTrap, type Trap } from './trap.ts'

interface Seen {
  url: string
  method: string
  headers: Record<string, string>
  body: string
  from: number | undefined
}
const seen: Seen[] = []

/** `/<status>?<location>` redirects there, `/loop` to itself, and everything else answers. */
const serve = () =>
  Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request, server) => {
      const { pathname, search } = new URL(request.url)
      seen.push({
        url: request.headers.get('host') + pathname,
        method: request.method,
        headers: Object.fromEntries(request.headers),
        body: await request.text(),
        from: server.requestIP(request)?.port,
      })
      if (pathname === '/loop') return Response.redirect('/loop')
      const status = Number(pathname.slice(1))
      if (!(status >= 300)) return new Response('arrived')
      const location = decodeURIComponent(search.slice(1))
      return new Response('moved', { status, headers: location === '' ? {} : { location } })
    },
  })

let server: Bun.Server<undefined>
let other: Bun.Server<undefined>
let trap: Trap
beforeAll(() => {
  server = serve()
  other = serve()
  trap = startTrap()
})
afterAll(async () => {
  trap.stop()
  await Promise.all([server.stop(true), other.stop(true)])
})
beforeEach(() => {
  seen.length = 0
})

const withPorts = (text: string) =>
  text
    .replaceAll('OTHER', String(other.port))
    .replaceAll('TRAP', String(trap.port))
    .replaceAll('PORT', String(server.port))

const egress = () =>
  createEgress({
    allow: parseAllow(withPorts('127.0.0.1:PORT,127.0.0.1:OTHER,*.test:PORT')) ?? [],
    resolve: async (name) => (name === 'private.example' ? ['10.0.0.1'] : ['127.0.0.1']),
  })

const follow = (status: number, location: string, init?: EgressInit, options?: RedirectOptions) => {
  const url = `http://127.0.0.1:${server.port}/${status}?${encodeURIComponent(withPorts(location))}`
  return followRedirects(egress(), url, init, options)
}

const errorOf = (sent: Promise<unknown>): Promise<unknown> =>
  sent.then(
    () => 'sent',
    (error: unknown) => error,
  )

describe('a redirect', () => {
  test.each([
    ['http://127.0.0.1:OTHER/there', '127.0.0.1:OTHER/there'],
    ['//127.0.0.1:OTHER/there', '127.0.0.1:OTHER/there'],
    ['/there', '127.0.0.1:PORT/there'],
    ['there', '127.0.0.1:PORT/there'],
    ['http://a.test:PORT/there', 'a.test:PORT/there'],
    ['http://A.test:PORT/there#x', 'a.test:PORT/there'],
  ])('to %s is followed', async (location, url) => {
    const followed = await follow(302, location)
    expect(await followed.response.text()).toBe('arrived')
    expect(followed.url).toStartWith(`http://${withPorts(url)}`)
    expect(seen.map(({ url }) => url)).toEqual(withPorts(`127.0.0.1:PORT/302 ${url}`).split(' '))
  })

  test('leaves the connection to be used again', async () => {
    await (await follow(302, '/there')).response.text()
    expect(new Set(seen.map(({ from }) => from)).size).toBe(1)
  })

  test.each([200, 300, 304, 305, 306])('is none with the status %d', async (status) => {
    const { response } = await follow(status, '/there')
    expect(response.status).toBe(status)
    expect(seen).toHaveLength(1)
  })

  test('is none without a location', async () => {
    const { response, url } = await follow(302, '')
    expect(response.status).toBe(302)
    expect(url).toBe(`http://127.0.0.1:${server.port}/302?`)
  })

  test.each([
    'http://127.0.0.1:TRAP/',
    '//127.0.0.1:TRAP/',
    'http://localhost:TRAP/',
    'http://localhost:PORT/',
    'http://[::1]:TRAP/',
    'http://[::ffff:127.0.0.1]:TRAP/',
    'http://0x7f.1:TRAP/',
    'http://2130706433:TRAP/',
    'http:\\\\127.0.0.1:TRAP',
    '\\\\127.0.0.1:TRAP',
    'http://a.test:TRAP/',
    'http://private.example/',
    'https://private.example/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[fd00:ec2::254]/',
    'http://10.0.0.1/',
    'http://user:password@127.0.0.1:PORT/there',
    'http://a.test:PORT@127.0.0.1:TRAP/',
    'file:///etc/passwd',
    'data:text/plain,x',
    'ftp://127.0.0.1:TRAP/',
    'javascript:1',
    'http://127.0.0.1:0/',
  ])('to %s is refused, and no connection made', async (location) => {
    for (const status of [301, 302, 303, 307, 308])
      expect(await errorOf(follow(status, location))).toBeInstanceOf(EgressRefused)
    expect(seen).toHaveLength(5)
    expect(trap.connections).toBe(0)
  })

  test.each(['http://', 'http://a b/', 'http://127.0.0.1:99999/', 'http://[::1'])(
    'to %s leads nowhere',
    async (location) => {
      const error = await errorOf(follow(302, location))
      expect(error).toBeInstanceOf(RedirectFailed)
      expect(error).toMatchObject({
        code: 'redirect_failed',
        message: withPorts('Expected the redirect of 127.0.0.1:PORT to have a URL as its location.'),
      })
    },
  )

  test('from https to http is refused', async () => {
    const refuse = followRedirects(
      { fetch: async () => new Response('', { status: 302, headers: { location: 'http://b.example/x' } }) },
      'https://a.example/',
    )
    expect(await errorOf(refuse)).toEqual(
      new RedirectFailed('Expected the redirect of a.example to stay on https, got one to http://b.example.'),
    )
  })

  test('from http to https is followed', async () => {
    const urls: string[] = []
    const { response } = await followRedirects(
      {
        fetch: async (url) => {
          urls.push(String(url))
          return urls.length > 1 ? new Response('') : Response.redirect('https://a.example/', 301)
        },
      },
      'http://a.example/',
    )
    expect(response.status).toBe(200)
    expect(urls).toEqual(['http://a.example/', 'https://a.example/'])
  })

  test.each(['', 'file:///x', 'http://10.0.0.1/'])(
    'comes after the guard: %j is refused at once',
    async (url) => {
      expect(await errorOf(followRedirects(egress(), url))).toBeInstanceOf(EgressRefused)
    },
  )

  test('may come ten times, or as often as said', async () => {
    const loop = (options?: RedirectOptions) => {
      seen.length = 0
      return errorOf(followRedirects(egress(), `http://127.0.0.1:${server.port}/loop`, {}, options))
    }
    const tooMany = (most: number) =>
      new RedirectFailed(`Expected at most ${most} redirects, got one more from 127.0.0.1:${server.port}.`)
    expect(await loop()).toEqual(tooMany(10))
    expect(seen).toHaveLength(11)
    expect(await loop({ most: 2 })).toEqual(tooMany(2))
    expect(seen).toHaveLength(3)
    expect(await loop({ most: 0 })).toEqual(tooMany(0))
    expect(seen).toHaveLength(1)
  })
})

describe('the method and the body', () => {
  const body = '{"a":1}'
  const headers = { 'content-type': 'application/json', 'content-language': 'en', 'x-other': 'kept' }

  test.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
    [301, 'PUT', 'PUT'],
    [302, 'DELETE', 'DELETE'],
    [303, 'PUT', 'GET'],
    [303, 'DELETE', 'GET'],
    [307, 'PATCH', 'PATCH'],
    [302, 'post', 'GET'],
  ])('after a %d are those of the fetch standard: %s becomes %s', async (status, method, becomes) => {
    await follow(status, '/there', { method, body, headers })
    const second = seen[1]
    expect(second?.method).toBe(becomes)
    expect(second?.body).toBe(becomes === 'GET' ? '' : body)
    expect(second?.headers['content-type']).toBe(becomes === 'GET' ? undefined : 'application/json')
    expect(second?.headers['content-language']).toBe(becomes === 'GET' ? undefined : 'en')
    expect(second?.headers['x-other']).toBe('kept')
  })

  test.each([
    [301, 'GET'],
    [303, 'GET'],
    [303, 'HEAD'],
    [308, 'HEAD'],
  ])('after a %d stay %s', async (status, method) => {
    await follow(status, '/there', { method })
    expect(seen.map(({ method }) => method)).toEqual([method, method])
  })

  test('cannot be sent again when the body is a stream', async () => {
    const stream = () => new Response(body).body
    expect(await errorOf(follow(307, '/there', { method: 'POST', body: stream() }))).toEqual(
      new RedirectFailed('Expected a body that can be sent twice, for a redirect with 307, got a stream.'),
    )
    expect(await errorOf(follow(303, '/there', { method: 'POST', body: stream() }))).toBe('sent')
  })
})

describe('a credential', () => {
  const headers = {
    Authorization: 'Bearer secret',
    cookie: 'id=secret',
    'proxy-authorization': 'Basic secret',
    'X-Api-Key': 'secret',
    accept: 'text/plain',
  }
  const names = ['authorization', 'cookie', 'proxy-authorization', 'x-api-key', 'accept']
  const sent = () => seen.map(({ headers }) => names.filter((name) => name in headers))
  const secret = () => ['x-api-key']

  test('goes along within an origin', async () => {
    await follow(302, '/there', { headers }, { secret })
    expect(sent()).toEqual([names, names])
  })

  test.each(['http://127.0.0.1:OTHER/', 'http://a.test:PORT/'])(
    'does not follow to another origin (%s)',
    async (location) => {
      await follow(307, location, { headers, method: 'POST', body: 'x' }, { secret: () => ['X-API-KEY'] })
      expect(sent()).toEqual([names, ['accept']])
    },
  )

  test('of a name that nobody marked does', async () => {
    await follow(302, 'http://127.0.0.1:OTHER/', { headers })
    expect(sent()).toEqual([names, ['x-api-key', 'accept']])
  })

  test('does not come back with a redirect to the first origin', async () => {
    const back = `http://127.0.0.1:OTHER/302?${encodeURIComponent(withPorts('http://127.0.0.1:PORT/there'))}`
    await follow(302, back, { headers }, { secret })
    expect(seen.at(-1)?.url).toBe(withPorts('127.0.0.1:PORT/there'))
    expect(sent()).toEqual([names, ['accept'], ['accept']])
  })

  test('stays in what the caller passed', async () => {
    const given = new Headers(headers)
    await follow(302, 'http://127.0.0.1:OTHER/', { headers: given }, { secret })
    expect([...given.keys()].toSorted()).toEqual(names.toSorted())
  })
})
