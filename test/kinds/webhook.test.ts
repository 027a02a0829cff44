import { afterEach, describe, expect, setSystemTime, test } from 'bun:test'
import { Webhook as Verifier } from 'standardwebhooks'
import { createEgress } from '../../src/kinds/egress/egress.ts'
import type { RunResult } from '../../src/kinds/kind.ts'
import { createWebhook, type WebhookOptions } from '../../src/kinds/webhook.ts'
import { isSigned, keysOf, loopback, Receiver, secretOf, verified } from '../support/webhooks.ts'
import { TestContext } from './context.ts'

const [older, newer] = [secretOf('a'), secretOf('b')]
const payload = {
  type: 'job.succeeded',
  timestamp: '2026-01-01T00:00:00.000Z',
  data: { name: 'Zoë {{x}} "\n' },
}

afterEach(() => void setSystemTime())

/** Posts the payload once, at the time of the context, which is then that of the verifier. */
const deliver = async (url: string, options: WebhookOptions = {}, context = new TestContext()) => {
  const { clock } = context
  setSystemTime(new Date(clock.now()))
  const kind = createWebhook({ egress: loopback, clock, keys: keysOf(newer), ...options })
  return kind.run({ url, payload }, context)
}

const answering = async (response: () => Response, context?: TestContext): Promise<RunResult> => {
  using receiver = new Receiver()
  receiver.answer = response
  return await deliver(receiver.url, {}, context)
}

describe('a message', () => {
  test('is what the independent implementation verifies', async () => {
    using receiver = new Receiver()
    const context = new TestContext()
    expect(await deliver(receiver.url, {}, context)).toEqual({ type: 'succeeded', output: '{"status":204}' })
    const message = await receiver.nth(1)
    expect(verified(message, newer)).toEqual(payload)
    expect(message).toMatchObject({
      id: context.idempotencyKey,
      timestamp: Math.floor(context.clock.now() / 1000),
      headers: { 'content-type': 'application/json', 'user-agent': 'Sheaf' },
    })
  })

  test.each([
    ['body', { body: '{"type":"job.failed"}' }],
    ['id', { headers: { 'webhook-id': 'msg_other' } }],
    ['time', { headers: { 'webhook-timestamp': '1767225601' } }],
  ])(
    'of which the %s was changed is refused',
    async (_, { body, headers }: { body?: string; headers?: object }) => {
      using receiver = new Receiver()
      await deliver(receiver.url)
      const message = await receiver.nth(1)
      const forged = { ...message, ...(body && { body }), headers: { ...message.headers, ...headers } }
      expect(() => verified(forged, newer)).toThrow('No matching signature found')
    },
  )

  test('is known by who has the old secret and by who has the new one, while both are set', async () => {
    using receiver = new Receiver()
    await deliver(receiver.url, { keys: keysOf(newer, older) })
    const message = await receiver.nth(1)
    for (const secret of [older, newer]) expect(verified(message, secret)).toEqual(payload)
    expect(message.signature.split(' ')).toHaveLength(2)
    expect(() => verified(message, secretOf('c'))).toThrow('No matching signature found')
  })

  test('is signed anew at each attempt', async () => {
    using receiver = new Receiver()
    const context = new TestContext()
    await deliver(receiver.url, {}, context)
    await context.clock.advance(600_000)
    await deliver(receiver.url, {}, context)
    const [first, second] = [await receiver.nth(1), await receiver.nth(2)]
    expect(second).toMatchObject({ id: first.id, body: first.body, timestamp: first.timestamp + 600 })
    expect(() => new Verifier(newer).verify(first.body, first.headers)).toThrow('Message timestamp too old')
    expect(verified(second, newer)).toEqual(payload)
  })

  test('is signed with the secret that its job names', async () => {
    using receiver = new Receiver()
    const kind = createWebhook({ egress: loopback, secrets: new Map([['HOOK', older]]) })
    await kind.run({ url: receiver.url, secret: 'HOOK', payload }, new TestContext())
    const message = await receiver.nth(1)
    expect(isSigned(message, older)).toBe(true)
    expect(isSigned(message, newer)).toBe(false)
  })
})

describe('an answer', () => {
  test.each([200, 201, 202, 204, 299])('of %d is a delivery', async (status) => {
    expect(await answering(() => new Response(null, { status }))).toMatchObject({ type: 'succeeded' })
  })

  test.each([301, 302, 307, 400, 401, 404, 409, 422, 500, 502, 503])(
    'of %d is tried again',
    async (status) => {
      const headers = { location: 'http://127.0.0.1:1/' }
      expect(await answering(() => new Response('no', { status, headers }))).toEqual({
        type: 'failed',
        error: {
          code: 'unexpected_status',
          message: `Expected status 2xx, got ${status}.`,
          details: { status },
        },
        retryable: true,
      })
    },
  )

  test('of 410 says that the endpoint is gone', async () => {
    expect(await answering(() => new Response(null, { status: 410 }))).toMatchObject({
      error: { code: 'webhook_gone' },
      retryable: false,
    })
  })

  test.each([429, 503])(
    'of %d with Retry-After puts the message off, and all of that host',
    async (status) => {
      const context = new TestContext()
      const response = () => new Response(null, { status, headers: { 'retry-after': '90' } })
      expect(await answering(response, context)).toEqual({ type: 'snoozed', delayMs: 90_000 })
      expect(context.heard).toMatchObject([{ pause: { ms: 90_000 }, overloaded: true }])
    },
  )

  test('that puts it off for more than a day is a failure', async () => {
    const response = () => new Response(null, { status: 429, headers: { 'retry-after': '86401' } })
    expect(await answering(response)).toMatchObject({ type: 'failed', retryable: true })
  })

  test('without an end is not read to its end', async () => {
    const chunk = new Uint8Array(65_536)
    const endless = () => new Response(new ReadableStream({ pull: (stream) => stream.enqueue(chunk) }))
    expect(await answering(endless)).toMatchObject({ type: 'succeeded' })
  })
})

describe('what cannot be sent', () => {
  test.each([
    ['http://10.0.0.1/hook', 'private'],
    ['http://169.254.169.254/latest/meta-data', 'metadata'],
    ['http://[::ffff:10.0.0.1]/hook', 'private'],
    ['http://0x0a000001/hook', 'private'],
    ['http://inside.example.com/hook', 'private'],
  ])('to %s is refused without a connection', async (url, range) => {
    const egress = createEgress({ resolve: async () => ['10.0.0.1'] })
    expect(await deliver(url, { egress })).toMatchObject({
      type: 'failed',
      error: { code: 'egress_refused', details: { range } },
      retryable: false,
    })
  })

  test('because nobody listens is tried again', async () => {
    const gone = new Receiver()
    const { url } = gone
    gone[Symbol.dispose]()
    expect(await deliver(url)).toMatchObject({ error: { code: 'connect_failed' }, retryable: true })
  })

  test('because there is no secret any more is tried again, and not sent', async () => {
    using receiver = new Receiver()
    expect(await deliver(receiver.url, { keys: [] })).toMatchObject({
      error: { code: 'webhook_unsigned' },
      retryable: true,
    })
    expect(receiver.received).toEqual([])
  })
})
