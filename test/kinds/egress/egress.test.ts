import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseAllow } from '../../../src/kinds/egress/allow.ts'
import { createEgress, type EgressOptions } from '../../../src/kinds/egress/egress.ts'
import { EgressRefused } from '../../../src/kinds/egress/refused.ts'
import { systemResolve } from '../../../src/kinds/egress/resolve.ts'
import { fakeClock } from '../../../src/testing/clock.ts'
import { startTrap, type Trap } from './trap.ts'

interface Seen {
  /** The port that the connection came from. */
  from: number | undefined
  method: string
  host: string | null
  path: string
  body: string
}

const seen: Seen[] = []
const serve = (hostname: string, port = 0) =>
  Bun.serve({
    hostname,
    port,
    reusePort: false,
    fetch: async (request, server) => {
      const { pathname, search } = new URL(request.url)
      seen.push({
        from: server.requestIP(request)?.port,
        method: request.method,
        host: request.headers.get('host'),
        path: pathname + search,
        body: await request.text(),
      })
      return new Response(hostname)
    },
  })

let v4: Bun.Server<undefined>
let v6: Bun.Server<undefined>
/** Listens on another address than `v4` does, at a port that is free on 127.0.0.1. */
let second: Bun.Server<undefined>
let trap: Trap
beforeAll(() => {
  v4 = serve('127.0.0.1')
  v6 = serve('::1', v4.port)
  second = serve('127.0.0.2')
  trap = startTrap()
})
afterAll(async () => {
  trap.stop()
  await Promise.all([v4, v6, second].map((server) => server.stop(true)))
})
beforeEach(() => {
  seen.length = 0
})

const names: Readonly<Record<string, readonly string[]>> = {
  'v4.test': ['127.0.0.1'],
  'v6.test': ['::1'],
  'mapped.test': ['::ffff:127.0.0.1'],
  'sub.v4.test': ['127.0.0.1'],
  'a.b.v4.test': ['127.0.0.1'],
  'notv4.test': ['127.0.0.1'],
  'xn--mnchen-3ya.test': ['127.0.0.1'],
  'both.test': ['127.0.0.1', '::1'],
  'either.test': ['127.0.0.1', '127.0.0.2'],
  'metadata.test': ['169.254.169.254'],
  'public.test': ['8.8.8.8', '2606:4700:4700::1111'],
  'public-and-v4.test': ['8.8.8.8', '127.0.0.1'],
  'empty.test': [],
}

const withPort = (text: string) => text.replaceAll('PORT', String(v4.port))
const egressFor = (allow: string, options: EgressOptions = {}) => {
  const entries = parseAllow(withPort(allow))
  if (!entries) throw new Error(`Not an allow list: ${allow}`)
  return createEgress({
    allow: entries,
    resolve: async (name) => names[name.replace(/\.$/, '')] ?? [],
    ...options,
  })
}

/** Says where it was told to connect to, and does not. */
const recorder = () => {
  const calls: { url: string; host: string | null; init: BunFetchRequestInit }[] = []
  const fetch = async (url: string, init: BunFetchRequestInit) => {
    calls.push({ url, host: new Headers(init.headers).get('host'), init })
    return new Response('recorded')
  }
  return { calls, fetch }
}

const errorOf = (sent: Promise<unknown>): Promise<unknown> =>
  sent.then(
    () => 'sent',
    (error: unknown) => error,
  )

describe('what is allowed is sent', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1', '127.1'],
    ['127.0.0.1', '0x7f000001'],
    ['127.0.0.1', '２１３０７０６４３３'],
    ['127.0.0.1', '[::ffff:127.0.0.1]'],
    ['127.0.0.1', 'v4.test'],
    ['127.0.0.1', 'mapped.test'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['127.0.0.1:PORT', '127.0.0.1'],
    ['127.0.0.1:1,127.0.0.1:PORT', '127.0.0.1'],
    ['127.0.0.0/8', '127.0.0.1'],
    ['127.0.0.0/8:PORT', 'V4.test.'],
    ['0.0.0.0/0', '127.0.0.1'],
    ['::1', '[::1]'],
    ['[::1]:PORT', '[0:0:0:0:0:0:0:1]'],
    ['::/64', 'v6.test'],
    ['::/0', '[::1]'],
    ['127.0.0.1,::1', 'both.test'],
    ['127.0.0.1,::1', 'localhost'],
    ['localhost', 'localhost'],
    ['LOCALHOST.:PORT', 'localhost.'],
    ['localhost', 'loc\talhost'],
    ['*.localhost', 'app.localhost'],
    ['*.localhost', 'a.b.localhost.'],
    ['v4.test', 'V4.TEST'],
    ['v4.test:PORT', 'v4.test.'],
    ['v4.test', 'v4。test'],
    ['*.v4.test', 'sub.v4.test'],
    ['*.v4.test:PORT', 'a.b.v4.test'],
    ['*.test', 'v6.test'],
    ['münchen.test', 'xn--mnchen-3ya.test'],
    ['xn--mnchen-3ya.test', 'MÜNCHEN.test'],
    ['both.test', 'both.test'],
  ])('%s lets a request to %j through', async (allow, host) => {
    const url = `http://${host}:${v4.port}/path?q=1`
    const response = await egressFor(allow).fetch(url)
    expect(await response.text()).toBe(/6|\[[^f]*1\]/.test(host) ? '::1' : '127.0.0.1')
    expect(seen).toMatchObject([{ method: 'GET', host: new URL(url).host, path: '/path?q=1' }])
  })

  test.each([
    'public.test',
    '8.8.8.8',
    '[2606:4700:4700::1111]',
    '0x08080808',
    '[64:ff9b::808:808]',
    '[2002:808:808::1]',
  ])('%s needs no entry', async (host) => {
    const { calls, fetch } = recorder()
    await egressFor('', { fetch }).fetch(`http://${host}/`)
    expect(calls).toHaveLength(1)
  })

  test('a port that belongs to another protocol is opened by an entry for it', async () => {
    const { calls, fetch } = recorder()
    await egressFor('public.test:6000,8.8.8.8', { fetch }).fetch('http://public.test:6000/')
    await egressFor('8.8.8.8', { fetch }).fetch('http://8.8.8.8:25/')
    expect(calls).toHaveLength(2)
  })

  test('the metadata of a cloud is opened by an entry for that very address or host name', async () => {
    const { calls, fetch } = recorder()
    for (const allow of ['169.254.169.254', 'metadata.test', '169.254.169.254/32:80'])
      await egressFor(allow, { fetch }).fetch('http://metadata.test/')
    expect(calls.map(({ url }) => url)).toEqual(Array(3).fill('http://169.254.169.254:80/'))
  })
})

describe('what is not allowed is refused', () => {
  test.each([
    ['127.0.0.1:1', '127.0.0.1'],
    ['127.0.0.2', '127.0.0.1'],
    ['127.0.0.1', '[::1]'],
    ['::1', '127.0.0.1'],
    ['::/0', '127.0.0.1'],
    ['0.0.0.0/0', '[::1]'],
    ['127.0.0.1', 'both.test'],
    ['127.0.0.1', 'localhost'],
    ['127.0.0.0/8', '[64:ff9b::127.0.0.1]'],
    ['127.0.0.0/8', '[2002:7f00:1::]'],
    ['v4.test', '127.0.0.1'],
    ['v4.test:1', 'v4.test'],
    ['v4.test', 'sub.v4.test'],
    ['*.v4.test', 'v4.test'],
    ['*.v4.test', 'notv4.test'],
    ['v4.test', 'notv4.test'],
    ['test', 'v4.test'],
    ['localhost', 'app.localhost'],
    ['*.localhost', 'localhost'],
    ['127.0.0.2', 'either.test'],
    ['127.0.0.2', 'public-and-v4.test'],
    ['*.test', 'metadata.test'],
    ['169.254.0.0/16', 'metadata.test'],
    ['0.0.0.0/0', '169.254.169.254'],
  ])('%s does not open %s', async (allow, host) => {
    const { calls, fetch } = recorder()
    const error = await errorOf(egressFor(allow, { fetch }).fetch(`http://${host}:${v4.port}/`))
    expect(error).toBeInstanceOf(EgressRefused)
    expect(calls).toEqual([])
  })
})

describe('a request', () => {
  test('goes to the vetted address, under the name of the URL', async () => {
    const { calls, fetch } = recorder()
    const egress = egressFor('', { fetch })
    await egress.fetch('https://Public.Test/a?b#c', {
      method: 'POST',
      body: 'x',
      headers: { host: 'evil.test', x: 'y' },
    })
    await egress.fetch('http://public.test:8080')
    await egress.fetch('https://8.8.8.8/')
    expect(calls.map(({ url, host }) => [url, host])).toEqual([
      ['https://8.8.8.8:443/a?b#c', 'public.test'],
      ['http://8.8.8.8:8080', 'public.test:8080'],
      ['https://8.8.8.8:443/', '8.8.8.8'],
    ])
    expect(calls[0]?.init).toMatchObject({
      method: 'POST',
      body: 'x',
      redirect: 'manual',
      proxy: false,
      tls: { serverName: 'public.test' },
    })
    expect(new Headers(calls[0]?.init.headers).get('x')).toBe('y')
    expect(calls[1]?.init).not.toHaveProperty('tls')
    expect(calls[2]?.init).not.toHaveProperty('tls')
  })

  test('leaves what it was given as it was', async () => {
    const headers = new Headers({ a: 'b' })
    const init = { headers, tls: { ca: 'x' } }
    await egressFor('', recorder()).fetch('https://public.test/', init)
    expect([...headers]).toEqual([['a', 'b']])
    expect(init).toEqual({ headers, tls: { ca: 'x' } })
  })

  test.each([
    '',
    '/',
    '?@127.0.0.1:1/',
    '#@127.0.0.1:1/',
    '\\@127.0.0.1:1/',
    '/@127.0.0.1:1/',
    '//127.0.0.1:1/',
    '/\\127.0.0.1:1/',
    '/../../x',
    '/\t\n/x',
    '/a b\r\nHost: evil',
    '/ü?ü',
  ])('asks the same server the same thing as fetch, whatever follows the host (%j)', async (rest) => {
    await fetch(`http://127.0.0.1:${v4.port}${rest}`)
    const egress = egressFor('v4.test')
    for (const host of [`v4.test:${v4.port}`, `V4.test:0${v4.port}`]) {
      await egress.fetch(`http://${host}${rest}`)
      await egress.fetch(`http://${host}${rest}`)
    }
    const [plain, ...guarded] = seen
    expect(guarded).toHaveLength(4)
    for (const each of guarded) expect(each).toMatchObject({ host: `v4.test:${v4.port}`, path: plain?.path })
  })

  test('reaches the server it was vetted for, whatever its path looks like', async () => {
    const egress = egressFor('127.0.0.1,::1')
    const piece = fc.constantFrom(
      '/',
      '\\',
      '@',
      ':',
      '?',
      '#',
      '[',
      ']',
      '%',
      '..',
      '127.0.0.1',
      '::1',
      'http:',
      ' ',
      'PORT',
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('127.0.0.1', '[::1]'), fc.array(piece), async (host, pieces) => {
        const rest = pieces.join('').replaceAll('PORT', String(trap.port))
        const response = await egress.fetch(`http://${host}:${v4.port}/${rest}`)
        expect(await response.text()).toBe(host.replace(/[[\]]/g, ''))
        expect(trap.connections).toBe(0)
      }),
      { numRuns: 500 },
    )
  })

  test('can be sent to a URL object', async () => {
    await egressFor('v4.test').fetch(new URL(`http://V4.test:${v4.port}/x`))
    expect(seen).toMatchObject([{ path: '/x' }])
  })

  test('uses a connection again', async () => {
    const egress = egressFor('v4.test,127.0.0.1')
    for (let count = 0; count < 5; count += 1) await (await egress.fetch(`http://v4.test:${v4.port}/`)).text()
    expect(new Set(seen.map(({ from }) => from)).size).toBe(1)
  })

  test('is not sent through a proxy that the environment names', async () => {
    const before = process.env.HTTP_PROXY
    process.env.HTTP_PROXY = `http://127.0.0.1:${trap.port}`
    try {
      await egressFor('v4.test').fetch(`http://v4.test:${v4.port}/`)
    } finally {
      if (before === undefined) delete process.env.HTTP_PROXY
      else process.env.HTTP_PROXY = before
    }
    expect(seen).toHaveLength(1)
    expect(trap.connections).toBe(0)
  })

  test('fails as fetch does when nobody listens', async () => {
    const egress = egressFor('127.0.0.1')
    expect(await errorOf(egress.fetch(`http://127.0.0.1:${second.port}/`))).toMatchObject({
      code: 'ECONNREFUSED',
    })
  })
})

describe('a name', () => {
  test('that changes its address after it was vetted is still connected to where it was vetted', async () => {
    const answers = [['127.0.0.1'], ['127.0.0.2']]
    const asked: string[] = []
    const egress = egressFor('127.0.0.1', {
      resolve: async (name) => {
        asked.push(name)
        return answers.shift() ?? []
      },
    })
    const response = await egress.fetch(`http://rebind.test:${v4.port}/`)
    expect(await response.text()).toBe('127.0.0.1')
    expect(asked).toEqual(['rebind.test'])
  })

  test('is vetted again when its answer has expired, and refused if it has turned private', async () => {
    const clock = fakeClock()
    const { calls, fetch } = recorder()
    const answers = [['8.8.8.8'], ['127.0.0.1'], ['8.8.4.4']]
    const egress = egressFor('', { clock, fetch, resolve: async () => answers.shift() ?? [] })
    await egress.fetch('http://rebind.test/')
    await clock.advance(9_999)
    await egress.fetch('http://rebind.test/')
    await clock.advance(1)
    expect(await errorOf(egress.fetch('http://rebind.test/'))).toBeInstanceOf(EgressRefused)
    await egress.fetch('http://rebind.test/')
    expect(calls.map(({ url }) => url)).toEqual([
      'http://8.8.8.8:80/',
      'http://8.8.8.8:80/',
      'http://8.8.4.4:80/',
    ])
  })

  test('is looked up once for all who ask at the same time', async () => {
    let lookups = 0
    const resolve = async () => {
      lookups += 1
      return ['8.8.8.8']
    }
    const { calls, fetch } = recorder()
    const egress = egressFor('', { fetch, resolve })
    await Promise.all(Array.from({ length: 100 }, () => egress.fetch('http://public.test/')))
    expect(calls).toHaveLength(100)
    expect(lookups).toBe(1)
  })

  test('is forgotten when a thousand others have come', async () => {
    const asked: string[] = []
    const resolve = async (name: string) => {
      asked.push(name)
      return ['8.8.8.8']
    }
    const egress = egressFor('', { ...recorder(), resolve })
    for (let index = 0; index < 1_001; index += 1) await egress.fetch(`http://n${index}.test/`)
    await egress.fetch('http://n1000.test/')
    await egress.fetch('http://n0.test/')
    expect(asked.slice(1_000)).toEqual(['n1000.test', 'n0.test'])
  })

  test('without an address fails as getaddrinfo does, and is asked for again', async () => {
    const failures = [{ code: 'ENOTFOUND', syscall: 'getaddrinfo' }, { code: 'EAI_AGAIN' }]
    const resolve = async () => {
      const failure = failures.shift()
      if (failure) throw Object.assign(new Error('getaddrinfo'), failure)
      return ['8.8.8.8']
    }
    const egress = egressFor('', { ...recorder(), resolve })
    expect(await errorOf(egress.fetch('http://x.test/'))).toMatchObject({ code: 'ENOTFOUND' })
    expect(await errorOf(egress.fetch('http://x.test/'))).toMatchObject({ code: 'EAI_AGAIN' })
    expect(await errorOf(egress.fetch('http://x.test/'))).toBe('sent')
    expect(await errorOf(egressFor('').fetch('http://empty.test/'))).toMatchObject({
      code: 'ENOTFOUND',
      syscall: 'getaddrinfo',
    })
  })

  test('that no DNS can know fails in the resolver of the system', async () => {
    // Of 254 characters, one more than a name can have (RFC 1035), so no query leaves the machine.
    const name = `${'a.'.repeat(126)}aa`
    expect(await errorOf(createEgress().fetch(`http://${name}/`))).toMatchObject({ code: 'ENOTFOUND' })
  })

  test('of this machine is known to the resolver of the system', async () => {
    for (const address of await systemResolve('localhost')) expect(['127.0.0.1', '::1']).toContain(address)
  })

  test('is not waited for by a request that was aborted, though others still are', async () => {
    const { promise, resolve: answer } = Promise.withResolvers<string[]>()
    const egress = egressFor('', { ...recorder(), resolve: () => promise })
    const controller = new AbortController()
    const aborted = errorOf(egress.fetch('http://slow.test/', { signal: controller.signal }))
    const waiting = errorOf(egress.fetch('http://slow.test/', { signal: new AbortController().signal }))
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await aborted).toBe(reason)
    expect(await errorOf(egress.fetch('http://slow.test/', { signal: controller.signal }))).toBe(reason)
    answer(['8.8.8.8'])
    expect(await waiting).toBe('sent')
  })
})

describe('of several addresses', () => {
  const tracing = (allow: string) => {
    const urls: string[] = []
    const egress = egressFor(allow, {
      fetch: (url, init) => {
        urls.push(url)
        return fetch(url, init)
      },
    })
    return { urls, egress }
  }

  test('the next one is tried when one cannot be reached, and from then on first', async () => {
    const { urls, egress } = tracing('either.test')
    const url = `http://either.test:${second.port}/`
    for (let count = 0; count < 2; count += 1) {
      const response = await egress.fetch(url, { method: 'POST', body: 'hello' })
      expect(await response.text()).toBe('127.0.0.2')
    }
    expect(seen).toMatchObject([{ body: 'hello', host: `either.test:${second.port}` }, { body: 'hello' }])
    expect(urls.map((url) => new URL(url).hostname)).toEqual(['127.0.0.1', '127.0.0.2', '127.0.0.2'])
  })

  test('the next one is not tried when one was reached, only by the next request', async () => {
    const tarpit = Bun.listen({
      hostname: '127.0.0.1',
      port: second.port ?? 0,
      socket: { data: (socket) => void socket.terminate() },
    })
    try {
      const { urls, egress } = tracing('either.test')
      const url = `http://either.test:${second.port}/`
      expect(await errorOf(egress.fetch(url, { method: 'POST', body: 'hello' }))).toMatchObject({
        code: 'ECONNRESET',
      })
      expect(urls).toHaveLength(1)
      expect(seen).toEqual([])
      expect(await (await egress.fetch(url)).text()).toBe('127.0.0.2')
    } finally {
      tarpit.stop(true)
    }
  })

  test('only the first is tried with a body that can be sent but once', async () => {
    const { urls, egress } = tracing('either.test')
    const body = new Response('hello').body
    const sent = egress.fetch(`http://either.test:${second.port}/`, { method: 'POST', body })
    expect(await errorOf(sent)).toMatchObject({ code: 'ECONNREFUSED' })
    expect(urls).toHaveLength(1)
  })

  test('none may be other than public, or else none is used', async () => {
    const { urls, egress } = tracing('')
    expect(await errorOf(egress.fetch('http://public-and-v4.test/'))).toBeInstanceOf(EgressRefused)
    expect(urls).toEqual([])
  })

  test('the resolver is asked again when none could be reached', async () => {
    let lookups = 0
    const egress = egressFor('127.0.0.0/8', {
      resolve: async () => {
        lookups += 1
        return ['127.0.0.3', '127.0.0.4']
      },
    })
    for (let count = 1; count <= 2; count += 1) {
      expect(await errorOf(egress.fetch(`http://x.test:${v4.port}/`))).toMatchObject({ code: 'ECONNREFUSED' })
      expect(lookups).toBe(count)
    }
  })
})
