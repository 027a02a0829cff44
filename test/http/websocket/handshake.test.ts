import { describe, expect, test } from 'bun:test'
import { RawConnection } from '../raw.ts'
import { type AppRig, echoing, startApp } from '../rig.ts'
import { Channel } from '../socket.ts'
import { text } from './frame.ts'
import { handshake, RawSocket } from './raw-socket.ts'

/** What a handshake is answered with. A header that is undefined is left out. */
const shake = async (address: string, headers: Record<string, string | undefined> = {}, path?: string) => {
  using connection = await RawConnection.open(address)
  const left = Object.keys(headers).filter((name) => headers[name] === undefined)
  const given = Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
  const lines = handshake(address, given, path).split('\r\n')
  const kept = lines.filter((line) => !left.some((name) => line.startsWith(`${name}:`)))
  await connection.write(kept.join('\r\n'))
  const { status, head, body } = await connection.readResponse()
  const answered = new Headers(
    head
      .split('\r\n')
      .slice(1)
      .flatMap((line): [string, string][] => {
        const [name = '', value] = line.split(': ')
        return value === undefined ? [] : [[name, value]]
      }),
  )
  return { status, headers: answered, problem: status === 101 ? undefined : JSON.parse(body) }
}

describe('a handshake', () => {
  test('is answered as RFC 6455 has it in its own example', async () => {
    await using rig = await startApp()
    const { status, headers } = await shake(rig.listen())
    expect(status).toBe(101)
    expect(headers.get('upgrade')).toBe('websocket')
    expect(headers.get('connection')).toBe('Upgrade')
    expect(headers.get('sec-websocket-accept')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
    expect(headers.get('sec-websocket-protocol')).toBeNull()
  })

  test.each([
    [{ Upgrade: 'WebSocket' }],
    [{ Upgrade: 'WEBSOCKET' }],
    [{ Connection: 'keep-alive, Upgrade' }],
    [{ Connection: 'upgrade' }],
  ])('may be written as %j', async (headers) => {
    await using rig = await startApp()
    expect((await shake(rig.listen(), headers)).status).toBe(101)
  })

  test.each<[offered: string, chosen: string | null]>([
    ['sheaf.v1', 'sheaf.v1'],
    ['graphql-ws, sheaf.v1', 'sheaf.v1'],
    ['graphql-ws,sheaf.v1,sheaf.v2', 'sheaf.v1'],
    ['graphql-ws', null],
    ['Sheaf.v1', null],
    ['', null],
  ])('that offers the subprotocols %j is given %j', async (offered, chosen) => {
    await using rig = await startApp()
    const { status, headers } = await shake(rig.listen(), { 'Sec-WebSocket-Protocol': offered })
    expect(status).toBe(101)
    expect(headers.get('sec-websocket-protocol')).toBe(chosen)
  })

  test.each(['permessage-deflate', 'permessage-deflate; client_max_window_bits', 'x-webkit-deflate-frame'])(
    'that offers %j is given no extension, and no message is compressed',
    async (offered) => {
      await using rig = await startApp()
      const { headers } = await shake(rig.listen(), { 'Sec-WebSocket-Extensions': offered })
      expect(headers.get('sec-websocket-extensions')).toBeNull()
    },
  )

  test.each(['8', '7', '14', 'thirteen', undefined])(
    'of version %j is told which one we have',
    async (version) => {
      await using rig = await startApp()
      const { status, headers, problem } = await shake(rig.listen(), { 'Sec-WebSocket-Version': version })
      expect(status).toBe(426)
      expect(headers.get('sec-websocket-version')).toBe('13')
      expect(headers.get('content-type')).toBe('application/problem+json')
      expect(problem).toMatchObject({ code: 'upgrade_required', instance: '/events' })
    },
  )

  test.each<[what: string, headers: Record<string, string | undefined>, detail: string]>([
    [
      'without a key',
      { 'Sec-WebSocket-Key': undefined },
      'Expected "Sec-WebSocket-Key" to be 16 bytes in base64, got nothing.',
    ],
    ['with a key of other length', { 'Sec-WebSocket-Key': 'YWJj' }, 'got "YWJj"'],
    ['with a key that is not base64', { 'Sec-WebSocket-Key': '********************!!==' }, 'in base64'],
    [
      'without Connection',
      { Connection: undefined },
      'Expected "Connection" to have the option "Upgrade", got nothing.',
    ],
    ['that keeps alive', { Connection: 'keep-alive' }, 'got "keep-alive"'],
  ])('%s is refused with 400', async (_, headers, detail) => {
    await using rig = await startApp()
    const { status, problem } = await shake(rig.listen(), headers)
    expect(status).toBe(400)
    expect(problem).toMatchObject({ code: 'malformed', detail: expect.stringContaining(detail) })
  })

  test('elsewhere opens nothing', async () => {
    await using rig = await startApp()
    expect((await shake(rig.listen(), {}, '/jobs')).status).toBe(200)
    expect((await shake(rig.listen(), {}, '/nowhere')).status).toBe(404)
  })
})

describe('no more sockets and event streams than may be open', () => {
  const open = async (rig: AppRig, address: string) => {
    const { id } = await rig.submit([{ ...echoing(), delayMs: 1_000 }])
    const stream = await fetch(`http://${address}/jobs/${id}/events`)
    return { stream, channel: await Channel.open(address) }
  }

  test('are opened: one more is refused with 503, and those that there are go on', async () => {
    await using rig = await startApp({ maxSockets: 2 })
    const address = rig.listen()
    const { stream, channel } = await open(rig, address)
    const { status, headers, problem } = await shake(address)
    expect(status).toBe(503)
    expect(headers.get('retry-after')).toBe('1')
    expect(problem).toMatchObject({
      code: 'unavailable',
      detail: 'Expected at most 2 open sockets and event streams.',
    })
    expect((await fetch(stream.url)).status).toBe(503)
    expect(await channel.flush()).toEqual([])

    channel.socket.close()
    await channel.closed
    await rig.clock.advance(0)
    expect((await shake(address)).status).toBe(101)
    await stream.body?.cancel()
  })

  test('are opened at once', async () => {
    await using rig = await startApp({ maxSockets: 5 })
    const address = rig.listen()
    const opened = await Promise.allSettled(
      Array.from({ length: 50 }, () => RawSocket.open(address, text({ type: 'ping' }))),
    )
    const sockets = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    expect(sockets).toHaveLength(5)
    expect(rig.streams.size).toBe(5)
    for (const socket of sockets) socket[Symbol.dispose]()
  })
})
