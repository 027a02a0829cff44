import { afterEach, describe, expect, test } from 'bun:test'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { SMTPServerOptions } from 'smtp-server'
import { TestContext } from '../context.ts'
import { outputOf, run, Started } from './server.ts'

const started = new Started()
afterEach(() => started.stop())

const refusal = (responseCode: number, message = 'No') => Object.assign(new Error(message), { responseCode })

const atRcpt =
  (codes: Record<string, number>): NonNullable<SMTPServerOptions['onRcptTo']> =>
  ({ address }, _session, done) =>
    codes[address] ? done(refusal(codes[address], `Not ${address}`)) : done()

const atData =
  (code: number): NonNullable<SMTPServerOptions['onData']> =>
  (stream, _session, done) => {
    stream.on('end', () => done(refusal(code)))
    stream.resume()
  }

const ada = 'ada@example.com'
const bob = 'bob@example.com'

describe('a refusal', () => {
  test.each<[string, SMTPServerOptions, string, boolean, number]>([
    ['5xx at RCPT', { onRcptTo: atRcpt({ [ada]: 550 }) }, 'smtp_refused', false, 550],
    ['4xx at RCPT', { onRcptTo: atRcpt({ [ada]: 450 }) }, 'smtp_failed', true, 450],
    ['5xx after DATA', { onData: atData(554) }, 'smtp_refused', false, 554],
    ['4xx after DATA', { onData: atData(451) }, 'smtp_failed', true, 451],
    [
      '5xx at MAIL',
      { onMailFrom: (_address, _session, done) => done(refusal(553)) },
      'smtp_refused',
      false,
      553,
    ],
    [
      '4xx at MAIL',
      { onMailFrom: (_address, _session, done) => done(refusal(421)) },
      'smtp_failed',
      true,
      421,
    ],
    ['5xx as greeting', { onConnect: (_session, done) => done(refusal(554)) }, 'smtp_refused', false, 554],
    ['4xx as greeting', { onConnect: (_session, done) => done(refusal(421)) }, 'smtp_failed', true, 421],
  ])(
    'fails at once if permanent, and is tried again if not: %s',
    async (_, options, code, retryable, reply) => {
      const server = await started.smtp(options)
      const result = await run(started.kind(server.port))
      expect(result).toMatchObject({ type: 'failed', retryable, error: { code, details: { reply } } })
    },
  )

  test('of every recipient is tried again, if any of them may be taken later', async () => {
    const server = await started.smtp({ onRcptTo: atRcpt({ [ada]: 450, [bob]: 550 }) })
    expect(await run(started.kind(server.port), { to: [ada, bob] })).toMatchObject({
      type: 'failed',
      retryable: true,
      error: { code: 'smtp_failed', details: { rejected: [{ address: ada }, { address: bob }] } },
    })
  })

  test('of some recipients is in the output', async () => {
    const server = await started.smtp({ onRcptTo: atRcpt({ [bob]: 550 }) })
    const output = outputOf(await run(started.kind(server.port), { to: [ada, bob] }))
    expect(output).toEqual({
      messageId: `<${new TestContext().idempotencyKey}@example.com>`,
      accepted: [ada],
      rejected: [{ address: bob, response: `550 Not ${bob}` }],
      response: '250 queued as 1',
    })
    expect(server.last.to).toEqual([ada])
  })

  test('of a message that is too large is for good', async () => {
    const server = await started.smtp({ size: 1_000, rejectOversized: true })
    expect(await run(started.kind(server.port), { text: 'a'.repeat(2_000) })).toMatchObject({
      type: 'failed',
      retryable: false,
      error: { code: 'smtp_refused' },
    })
  })
})

test('nothing that is shown has the password in it, whatever the server says', async () => {
  const login = { user: 'ada-the-user', pass: 'hunter2/ü' }
  const forms = [login.pass, encodeURIComponent(login.pass), btoa('hunter2'), 'ada-the-user', 'AGFkYS10']
  const plain = Buffer.from(`\0${login.user}\0${login.pass}`).toString('base64')
  const echo = `Wrong ${login.pass} ${plain} ${Buffer.from(login.pass).toString('base64')}`
  const refusing = await started.smtp({ onAuth: (_auth, _session, done) => done(refusal(535, echo)) })
  const context = new TestContext()
  const refused = await run(started.kind(refusing.port, { login }), {}, context)
  expect(refused).toMatchObject({
    type: 'failed',
    retryable: false,
    error: { code: 'smtp_refused', details: { reply: 535 } },
  })
  const babbling = await started.smtp({
    onAuth: ({ username }, _session, done) => done(null, { user: username }),
    onRcptTo: ({ address }, _session, done) => (address === bob ? done(refusal(550, echo)) : done()),
    onData: (stream, _session, done) => {
      stream.on('end', () => done(null, echo))
      stream.resume()
    },
  })
  const kind = started.kind(babbling.port, { login })
  const some = await run(kind, { to: [ada, bob] }, context)
  const none = await run(kind, { to: bob }, context)
  outputOf(some)
  expect(none).toMatchObject({ type: 'failed' })
  const shown = JSON.stringify([refused, some, none, context.logged])
  for (const form of [...forms, plain]) expect(shown).not.toContain(form)
  expect(shown).toContain('***')
})

describe('a server that', () => {
  const greeting = '220 test ESMTP\r\n'
  /** Answers each command as a server without extensions would. */
  const answer = (socket: Socket, onData: (socket: Socket) => void) => {
    socket.write(greeting)
    socket.on('data', (chunk) => {
      const text = chunk.toString()
      if (/^(EHLO|MAIL|RCPT)/.test(text)) socket.write('250 OK\r\n')
      else if (text.startsWith('DATA')) socket.write('354 Go\r\n')
      else onData(socket)
    })
  }

  test('is not there is tried again', async () => {
    const server = await started.raw(() => {})
    await server.stop()
    const kind = started.kind(server.port)
    expect(await run(kind)).toEqual({
      type: 'failed',
      retryable: true,
      error: {
        code: 'connect_failed',
        message: 'No connection to the SMTP server could be made.',
        details: { reason: 'ECONNREFUSED' },
      },
    })
    server.server.listen(0)
  })

  test('never greets is tried again', async () => {
    const server = await started.raw(() => {})
    expect(await run(started.kind(server.port, {}, { setupMs: 20 }))).toMatchObject({
      type: 'failed',
      retryable: true,
      error: { code: 'connect_failed', details: { reason: 'GREETING_TIMEOUT' } },
    })
  })

  test('closes before it greets is tried again', async () => {
    const server = await started.raw((socket) => socket.end())
    expect(await run(started.kind(server.port))).toMatchObject({
      type: 'failed',
      retryable: true,
      error: { code: 'connection_lost' },
    })
  })

  test('speaks no SMTP is tried again', async () => {
    const server = await started.raw((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n'))
    expect(await run(started.kind(server.port))).toMatchObject({
      type: 'failed',
      retryable: true,
      error: { code: 'invalid_response' },
    })
  })

  test('drops the connection within the message is tried again', async () => {
    const server = await started.raw((socket) => answer(socket, () => socket.destroy()))
    expect(await run(started.kind(server.port))).toMatchObject({
      type: 'failed',
      retryable: true,
      error: { code: 'connection_lost' },
    })
    expect(server.sockets).toHaveLength(1)
  })

  test.each<[string, (socket: Socket, reached: () => void) => void]>([
    ['to greet', (_socket, reached) => reached()],
    ['to take the message', (socket, reached) => answer(socket, reached)],
  ])(
    'takes for ever %s is left at once when the attempt ends, and its connection closed',
    async (_, serve) => {
      const { promise: reached, resolve } = Promise.withResolvers<void>()
      const server = await started.raw((socket) => serve(socket, resolve))
      const context = new TestContext()
      const result = run(started.kind(server.port), {}, context)
      await reached
      const [socket] = server.sockets
      if (!socket) throw new Error('No connection came')
      const closed = once(socket.resume(), 'close')
      context.controller.abort()
      expect(await result).toMatchObject({ error: { code: 'cancelled' } })
      await closed
    },
  )

  test('keeps a message waiting for a connection does not keep its attempt', async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>()
    const server = await started.raw((socket) => answer(socket, () => resolve()))
    const kind = started.kind(server.port, { pool: 1 })
    const first = run(kind)
    await reached
    const context = new TestContext()
    const second = run(kind, {}, context)
    context.controller.abort()
    expect(await second).toMatchObject({ error: { code: 'cancelled' } })
    expect(server.sockets).toHaveLength(1)
    await kind.close()
    expect(await first).toMatchObject({ type: 'failed', retryable: true })
  })
})

describe('the pool', () => {
  test('uses a connection again, and never more than it may', async () => {
    const server = await started.smtp()
    const kind = started.kind(server.port, { pool: 2 })
    await Promise.all(Array.from({ length: 20 }, () => run(kind)))
    expect(server.mails).toHaveLength(20)
    expect(server.sockets.length).toBeLessThanOrEqual(2)
  })

  test('closes a connection that is idle', async () => {
    const server = await started.smtp()
    const kind = started.kind(server.port, {}, { idleMs: 1 })
    outputOf(await run(kind))
    const [socket] = server.sockets
    if (!socket) throw new Error('No connection came')
    if (!socket.closed) await once(socket, 'close')
    outputOf(await run(kind))
    expect(server.sockets).toHaveLength(2)
  })

  test('sends again over a new connection when the server closed the idle one', async () => {
    const server = await started.smtp()
    const kind = started.kind(server.port)
    outputOf(await run(kind))
    server.sockets[0]?.destroy()
    outputOf(await run(kind))
    expect(server.mails).toHaveLength(2)
  })

  test('is closed for good, twice if need be, and what is being sent may be tried again', async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>()
    const server = await started.smtp({ onData: () => resolve() })
    const kind = started.kind(server.port)
    const result = run(kind)
    await reached
    const [socket] = server.sockets
    if (!socket) throw new Error('No connection came')
    const closed = once(socket, 'close')
    await Promise.all([kind.close(), kind.close()])
    await closed
    expect(await result).toMatchObject({ type: 'failed', retryable: true, error: { code: 'connect_failed' } })
    expect(await run(kind)).toMatchObject({ type: 'failed', retryable: true })
    await kind.close()
  })
})
