import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { told } from '../../src/engine/told.ts'
import type { WebhookEvent } from '../../src/job/webhook.ts'
import type { DeliveryView, EndpointView, WholeDeliveryView } from '../../src/job/webhook-wire.ts'
import type { JobView } from '../../src/job/wire.ts'
import type { JobSpec } from '../../src/kinds/spec.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { Receiver, secretOf, verified } from '../support/webhooks.ts'
import { problemOf } from './rig.ts'

const [secret, own] = [secretOf('a'), secretOf('b')]
const admin = 'admin-of-the-server'
const submitter = 'submits-and-no-more'

let server: TestServer
let receiver: Receiver

beforeAll(async () => {
  server = await startServer({
    env: {
      SHEAF_WEBHOOK_SECRETS: secret,
      SHEAF_SECRET_HOOK: own,
      SHEAF_SECRET_API_KEY: 'no-secret-of-a-webhook',
      SHEAF_TOKENS: `admin:${admin},submit:${submitter}`,
    },
  })
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(() => {
  receiver = new Receiver()
})
afterEach(() => receiver[Symbol.dispose]())

const send = (method: string, path: string, body?: unknown, token = admin): Promise<Response> =>
  fetch(server.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })

const read = async <T>(path: string): Promise<T> => {
  const response = await send('GET', path)
  expect(response.status).toBe(200)
  return response.json()
}

interface List<T> {
  data: T[]
  next: string | null
}

const nap: JobSpec = { tasks: [{ kind: 'sleep', ms: 0 }] }

const submit = async (job: Partial<JobSpec> = {}, webhook: object = {}): Promise<JobView> => {
  const response = await send('POST', '/jobs', { ...nap, webhook: { url: receiver.url, ...webhook }, ...job })
  expect(response.status).toBe(202)
  return response.json()
}

/** Where the receiver of this test is known. */
const endpointOf = async (job: JobView) => `/webhooks/${job.webhook?.id}`

/** Resolves once the delivery is on disk in this state: its end follows the answer of the receiver. */
const standing = async (job: JobView, state: DeliveryView['state']): Promise<DeliveryView> => {
  await server.engine.ended(job.id, 10_000)
  for await (const _ of told((reader) => server.engine.follow(job.webhook?.id ?? '', { after: 0 }, reader))) {
    const { data } = await read<List<DeliveryView>>(`/jobs/${job.id}/deliveries`)
    const found = data.find((one) => one.state === state)
    if (found) return found
  }
  throw new Error(`Expected a delivery to come to ${state}`)
}

describe('a job with a webhook', () => {
  const failing = { kind: 'http', url: 'http://127.0.0.1:1/', retry: { attempts: 1 } } as const
  const ok = { kind: 'sleep', ms: 0 } as const

  test.each([
    ['all', [ok, ok], 'job.succeeded'],
    ['all', [failing, ok], 'job.failed'],
    ['allSettled', [failing, ok], 'job.succeeded'],
    ['any', [failing, ok], 'job.succeeded'],
    ['any', [failing], 'job.failed'],
    ['race', [failing], 'job.failed'],
  ] as const)('of mode %s tells of its end, once and verifiably', async (mode, tasks, type) => {
    const job = await submit({ mode, name: 'told', labels: { team: 'growth' }, tasks: [...tasks] })
    const message = await receiver.nth(1)
    const { data } = message.payload
    expect(verified(message, secret)).toMatchObject({ type, data: { id: job.id, mode, name: 'told' } })
    expect(data).toMatchObject({ labels: { team: 'growth' }, state: type.slice(4), outcome: type.slice(4) })
    expect(message.payload.timestamp).toBe(data.finishedAt ?? '')
    const { id, ...shown } = await standing(job, 'succeeded')
    expect(id).toBe(message.id)
    expect(shown).toMatchObject({ job: job.id, webhook: job.webhook?.id, type, attempt: 1 })
    expect(receiver.received).toHaveLength(1)
  })

  test('shows it, without the name of its secret', async () => {
    const events: WebhookEvent[] = ['job.running', 'job.failed']
    const job = await submit({}, { events, secret: 'HOOK' })
    expect(job.webhook).toEqual({ id: expect.stringMatching(/^ep_[0-9a-f]{32}$/), url: receiver.url, events })
    const message = await receiver.nth(1)
    expect(verified(message, own)).toMatchObject({ type: 'job.running', data: { id: job.id } })
  })

  test('tells what it was told to, in NDJSON, in a form, from a schedule', async () => {
    const webhook = { url: receiver.url }
    const headers = { authorization: `Bearer ${admin}` }
    const lines = `${JSON.stringify({ webhook })}\n${JSON.stringify(ok)}\n`
    const ndjson = { ...headers, 'content-type': 'application/x-ndjson' }
    await fetch(`${server.url}/jobs`, { method: 'POST', headers: ndjson, body: lines })
    await receiver.nth(1)
    const form = new FormData()
    form.set(
      'job',
      new Blob([JSON.stringify({ webhook, each: { task: { kind: 'sleep', ms: '{{item}}' } } })], {
        type: 'application/json',
      }),
      'job.json',
    )
    form.set('items', new Blob(['0\n0\n'], { type: 'application/x-ndjson' }), 'items.ndjson')
    expect((await fetch(`${server.url}/jobs`, { method: 'POST', headers, body: form })).status).toBe(202)
    await receiver.nth(2)
    await send('PUT', '/schedules/told', { cron: '0 0 1 1 *', job: { ...nap, webhook } })
    await send('POST', '/schedules/told/run')
    expect((await receiver.nth(3)).payload.data).toMatchObject({ schedule: 'told' })
  })

  test('is told of when it was deleted before', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<Response>()
    receiver.answer = () => held
    const job = await submit()
    await receiver.nth(1)
    expect((await send('DELETE', `/jobs/${job.id}`)).status).toBe(204)
    release(new Response(null, { status: 204 }))
    const { data } = await read<List<DeliveryView>>(`${await endpointOf(job)}/deliveries`)
    expect(data).toMatchObject([{ job: job.id, type: 'job.succeeded' }])
    expect((await send('GET', `/jobs/${job.id}/deliveries`)).status).toBe(404)
  })

  test('which has none was told of nothing', async () => {
    const job: JobView = await (await send('POST', '/jobs', nap)).json()
    expect(await read<List<DeliveryView>>(`/jobs/${job.id}/deliveries`)).toEqual({ data: [], next: null })
    expect(job.webhook).toBeUndefined()
  })
})

describe('an endpoint', () => {
  test('is listed, and its deliveries a page at a time', async () => {
    const job = await submit()
    await receiver.nth(1)
    await submit()
    await receiver.nth(2)
    const path = await endpointOf(job)
    const first = await read<List<DeliveryView>>(`${path}/deliveries?limit=1`)
    const second = await read<List<DeliveryView>>(`${path}/deliveries?limit=1&cursor=${first.next}`)
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(receiver.received.map(({ id }) => id))
    expect(second.next).toBeNull()
    const all: EndpointView[] = []
    for (let cursor = ''; ; ) {
      const page = await read<List<EndpointView>>(`/webhooks?limit=2${cursor}`)
      all.push(...page.data)
      if (page.next === null) break
      cursor = `&cursor=${page.next}`
    }
    expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toSorted())
    expect(all.find(({ url }) => url === receiver.url)).toEqual(await read<EndpointView>(path))
  })

  test('is no job to anyone', async () => {
    const job = await submit()
    await standing(job, 'succeeded')
    const id = job.webhook?.id ?? ''
    const { data } = await read<List<JobView>>('/jobs?limit=1000')
    expect(data.map((one) => one.id)).not.toContain(id)
    for (const [method, path] of [
      ['GET', `/jobs/${id}`],
      ['GET', `/jobs/${id}/tasks`],
      ['GET', `/jobs/${id}/events`],
      ['POST', `/jobs/${id}/cancel`],
      ['DELETE', `/jobs/${id}`],
    ] as const)
      expect((await send(method, path)).status).toBe(404)
  })

  test('that answers 410 is disabled; enabled again, it gets what is replayed, under the same id', async () => {
    receiver.answer = () => new Response(null, { status: 410 })
    const job = await submit()
    const dead = await standing(job, 'failed')
    const path = await endpointOf(job)
    expect(await read<EndpointView>(path)).toMatchObject({
      state: 'disabled',
      error: { code: 'webhook_gone' },
      counts: { pending: 0, delivered: 0, failed: 1 },
    })
    const other = await submit()
    await standing(other, 'cancelled')
    const replay = `${path}/deliveries/${dead.id}/replay`
    expect(await problemOf(await send('POST', replay))).toMatchObject({ code: 'conflict' })

    receiver.answer = () => new Response(null, { status: 204 })
    expect(await (await send('POST', `${path}/enable`)).json()).toMatchObject({ state: 'enabled' })
    expect(await (await send('POST', replay)).json()).toMatchObject({ id: dead.id, type: 'job.succeeded' })
    expect((await receiver.nth(2)).id).toBe(dead.id)
    await standing(job, 'succeeded')
    expect(await problemOf(await send('POST', replay))).toMatchObject({ code: 'conflict' })
    await send('POST', `${path}/replay`)
    await standing(other, 'succeeded')
    expect(await read<EndpointView>(path)).toMatchObject({ counts: { pending: 0, delivered: 2, failed: 0 } })
    const whole = await read<WholeDeliveryView>(`${path}/deliveries/${dead.id}`)
    expect(whole).toMatchObject({ state: 'succeeded', attempt: 2, failures: [{ attempt: 1 }] })
    expect(whole.payload).toEqual(receiver.received[0]?.payload)
  })

  test('can be disabled by hand, by who is an admin', async () => {
    const job = await submit()
    await standing(job, 'succeeded')
    const path = await endpointOf(job)
    for (const action of ['disable', 'enable', 'replay'])
      expect((await send('POST', `${path}/${action}`, undefined, submitter)).status).toBe(403)
    expect(await (await send('POST', `${path}/disable`)).json()).toMatchObject({ state: 'disabled' })
    await standing(await submit(), 'cancelled')
    expect(receiver.received).toHaveLength(1)
  })

  test.each([
    ['GET', '/webhooks/ep_none'],
    ['GET', '/webhooks/ep_none/deliveries'],
    ['GET', '/webhooks/ep_none/deliveries/msg_1'],
    ['POST', '/webhooks/ep_none/enable'],
    ['POST', '/webhooks/ep_none/replay'],
    ['POST', '/webhooks/ep_none/deliveries/msg_1/replay'],
  ])('that is not there is 404: %s %s', async (method, path) => {
    expect(await problemOf(await send(method, path))).toMatchObject({
      code: 'not_found',
      detail: 'There is no webhook "ep_none".',
    })
  })

  test('is no job that is one', async () => {
    const job = await submit()
    expect((await send('GET', `/webhooks/${job.id}`)).status).toBe(404)
    await receiver.nth(1)
    const path = await endpointOf(job)
    expect((await send('GET', `${path}/deliveries/msg_none`)).status).toBe(404)
  })
})

describe('a webhook is refused', () => {
  test.each([
    [
      { url: 'ftp://example.com/' },
      'webhook.url',
      'Expected "webhook.url" to be an absolute http or https URL, got "ftp://example.com/".',
    ],
    [
      { url: 'https://user:password@example.com/' },
      'webhook.url',
      'Expected "webhook.url" without a user name or password; send an "authorization" header instead.',
    ],
    [{ url: 'https://10.0.0.1/' }, 'webhook.url', 'Expected "webhook.url" to lead where a request may go.'],
    [{ url: 'http://[::1]:9000/' }, 'webhook.url', 'Expected "webhook.url" to lead where a request may go.'],
    [
      { url: 'http://169.254.169.254/' },
      'webhook.url',
      'Expected "webhook.url" to lead where a request may go.',
    ],
    [
      { url: 'http://2130706433:0/' },
      'webhook.url',
      'Expected "webhook.url" to lead where a request may go.',
    ],
    [{}, 'webhook.url', 'Expected "webhook.url" to be an absolute http or https URL, got nothing.'],
    [
      { url: 'https://example.com/', secret: 'NONE' },
      'webhook.secret',
      'Expected "webhook.secret" to name a SHEAF_SECRET_NONE of this server that holds secrets whsec_…',
    ],
    [
      { url: 'https://example.com/', secret: 'API_KEY' },
      'webhook.secret',
      'Expected "webhook.secret" to name a SHEAF_SECRET_API_KEY',
    ],
    [{ url: 'https://example.com/', events: [] }, 'webhook.events', 'Expected "webhook.events"'],
    [
      { url: 'https://example.com/', events: ['job.ended'] },
      'webhook.events[0]',
      'Expected "webhook.events[0]" to be one of "job.scheduled"',
    ],
    [{ url: 'https://example.com/', header: 'x' }, 'webhook.header', 'webhook.header'],
  ])('%p', async (webhook, field, message) => {
    const problem = await problemOf(await send('POST', '/jobs', { ...nap, webhook }))
    expect(problem).toMatchObject({ status: 422, code: 'invalid', errors: [{ field }] })
    expect(problem.detail).toContain(message)
    expect(problem.detail).not.toContain('no-secret-of-a-webhook')
  })

  test('where the server has nothing to sign with', async () => {
    await using bare = await startServer()
    const response = await fetch(`${bare.url}/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...nap, webhook: { url: 'https://example.com/' } }),
    })
    expect(await problemOf(response)).toMatchObject({
      status: 422,
      errors: [{ field: 'webhook', message: expect.stringContaining('set SHEAF_WEBHOOK_SECRETS') }],
    })
  })
})
