import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { parseAllow } from '../../../src/kinds/egress/allow.ts'
import { createEgress } from '../../../src/kinds/egress/egress.ts'
import { authority, certificates } from './certificates.ts'

type Name = keyof typeof certificates

/** Answers with the `Host` of the request and the port that the connection came from. */
const serve = (tls: Bun.TLSOptions | Bun.TLSOptions[]) =>
  Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    tls,
    fetch: (request, server) =>
      new Response(`${request.headers.get('host')} from ${server.requestIP(request)?.port}`),
  })

let onlyA: Bun.Server<undefined>
let both: Bun.Server<undefined>
beforeAll(() => {
  onlyA = serve(certificates['a.example'])
  both = serve(
    Object.entries(certificates).map(([serverName, certificate]) => ({ ...certificate, serverName })),
  )
})
afterAll(() => Promise.all([onlyA.stop(true), both.stop(true)]))

const egress = createEgress({ allow: parseAllow('127.0.0.1') ?? [], resolve: async () => ['127.0.0.1'] })

const ask = async (server: Bun.Server<undefined>, host: string) => {
  const response = await egress.fetch(`https://${host}:${server.port}/`, { tls: { ca: authority } })
  const [, name = '', port = ''] = /^(.*):\d+ from (\d+)$/.exec(await response.text()) ?? []
  return { name, port }
}

const codeOf = (sent: Promise<unknown>): Promise<unknown> =>
  sent.then(
    () => 'sent',
    (error: unknown) => (error instanceof Error ? Reflect.get(error, 'code') : error),
  )

const a: Name = 'a.example'
const b: Name = 'b.example'
const wrong = 'ERR_TLS_CERT_ALTNAME_INVALID'

describe('over TLS', () => {
  test('the server is told the name, and its certificate is checked against the name', async () => {
    expect((await ask(both, a)).name).toBe(a)
    expect((await ask(both, b)).name).toBe(b)
    expect(await codeOf(ask(onlyA, b))).toBe(wrong)
    expect(await codeOf(ask(onlyA, 'c.example'))).toBe(wrong)
  })

  test('a name with the dot of the root or in capitals is the same name', async () => {
    expect(await ask(both, 'A.Example')).toMatchObject({ name: a })
    expect(await ask(both, 'a.example.')).toMatchObject({ name: 'a.example.' })
  })

  test('an address needs a certificate for the address', async () => {
    expect(await codeOf(ask(onlyA, '127.0.0.1'))).toBe(wrong)
  })

  test('a certificate of unknown origin is refused', async () => {
    const sent = egress.fetch(`https://${a}:${onlyA.port}/`)
    expect(await codeOf(sent)).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  })

  test('a connection is used again for the same name', async () => {
    const first = await ask(both, a)
    expect(await ask(both, a)).toEqual(first)
  })

  test('a connection that was checked for one name is not used for another one at the same address', async () => {
    const first = await ask(both, a)
    const second = await ask(both, b)
    expect(second.port).not.toBe(first.port)
    expect(await ask(both, a)).toEqual(first)

    await ask(onlyA, a)
    for (const host of [b, '127.0.0.1', 'c.example']) {
      expect(await codeOf(ask(onlyA, host))).toBe(wrong)
      expect(await codeOf(ask(onlyA, a))).toBe('sent')
    }
  })

  test('nor is it when hundreds of requests for both names are under way', async () => {
    const hosts = Array.from({ length: 300 }, (_, index) => (index % 3 === 0 ? a : b))
    const codes = await Promise.all(hosts.map((host) => codeOf(ask(onlyA, host))))
    expect(codes).toEqual(hosts.map((host) => (host === a ? 'sent' : wrong)))
  })

  test('nor when more names are in use than Bun keeps contexts for, which are 60', async () => {
    const hosts = Array.from({ length: 150 }, (_, index) => `h${index % 75}.example`)
    await ask(onlyA, a)
    for (const host of hosts) expect(await codeOf(ask(onlyA, host))).toBe(wrong)
    expect(await codeOf(ask(onlyA, a))).toBe('sent')
  })
})
