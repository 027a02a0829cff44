import { describe, expect, test } from 'bun:test'
import { told } from '../../src/engine/told.ts'
import type { Webhook } from '../../src/job/webhook.ts'
import { createWebhook } from '../../src/kinds/webhook.ts'
import type { TaskRecord } from '../../src/store/store.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { jobOf, type Rig, startEngine, taskOf } from '../support/engine.ts'
import { echo } from '../support/script.ts'
import { isSigned, keysOf, loopback, Receiver, secretOf, webhookTo } from '../support/webhooks.ts'

const secret = secretOf('a')
const hour = 3_600_000

/** An engine that delivers webhooks, by a clock that the test moves. */
const startTelling = () => {
  const clock = fakeClock()
  const webhook = createWebhook({ egress: loopback, clock, keys: keysOf(secret) })
  return startEngine({ clock, kinds: { echo, webhook }, queueDefaults: webhook.queues ?? {} })
}

const hooked = (receiver: Receiver, fields: Partial<Webhook> = {}) =>
  jobOf([taskOf('echo')], { webhook: webhookTo(receiver.url, fields) })

/** Resolves with the delivery of this index once it has come to a state, or to that attempt in it. */
const delivery = async (
  rig: Rig,
  index: number,
  state: TaskRecord['state'],
  attempt = 1,
): Promise<TaskRecord> => {
  const controller = new AbortController()
  const { signal } = controller
  const stands = async () => {
    const job = await rig.store.job('ep_1')
    const task = job && (await rig.store.task(job, { index }))
    return task?.state === state && task.attempt >= attempt ? task : undefined
  }
  for await (const _ of told((reader) => rig.engine.follow('ep_1', { after: 0 }, reader), signal)) {
    const task = await stands()
    if (task === undefined) continue
    controller.abort()
    return task
  }
  throw new Error(`Expected delivery ${index} to come to ${state}`)
}

describe('a receiver that is down', () => {
  test('for days gets the message once it is up, with the same id and a signature of then', async () => {
    await using rig = await startTelling()
    using receiver = new Receiver()
    receiver.answer = () => new Response(null, { status: 500 })
    await rig.ended(await rig.submit(hooked(receiver)))
    const start = rig.clock.now()
    for (let attempt = 1; attempt < 10; attempt += 1) {
      const { runAt } = await delivery(rig, 0, 'queued', attempt)
      if (attempt === 9) receiver.answer = () => new Response(null, { status: 204 })
      await rig.clock.advance(runAt - rig.clock.now())
      await receiver.nth(attempt + 1)
    }
    expect(await delivery(rig, 0, 'succeeded')).toMatchObject({ attempt: 10 })
    const days = (rig.clock.now() - start) / (24 * hour)
    expect(days).toBeGreaterThan(2.3)
    expect(days).toBeLessThan(4)
    expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(1)
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1)
    expect(receiver.received.map(({ timestamp }) => timestamp).toSorted()).toEqual(
      receiver.received.map(({ timestamp }) => timestamp),
    )
    for (const message of receiver.received) expect(isSigned(message, secret)).toBe(true)
  })

  test('for longer leaves a dead letter, which says why each attempt failed, and can be replayed', async () => {
    await using rig = await startTelling()
    using receiver = new Receiver()
    receiver.answer = () => new Response(null, { status: 500 })
    await rig.ended(await rig.submit(hooked(receiver)))
    for (let attempt = 1; attempt < 10; attempt += 1) {
      const { runAt } = await delivery(rig, 0, 'queued', attempt)
      await rig.clock.advance(runAt - rig.clock.now())
    }
    expect(await delivery(rig, 0, 'failed')).toMatchObject({ attempt: 10 })
    const endpoint = await rig.read({ id: 'ep_1' })
    expect(await rig.store.failures(endpoint, 0)).toHaveLength(10)

    receiver.answer = () => new Response(null, { status: 200 })
    await rig.act('retry', endpoint)
    expect(await delivery(rig, 0, 'succeeded')).toMatchObject({ attempt: 11 })
    expect(receiver.received.at(-1)?.id).toBe(receiver.received[0]?.id)
  })
})

test('Retry-After holds up all messages to that host, and spends no attempt', async () => {
  await using rig = await startTelling()
  using receiver = new Receiver()
  receiver.answer = () => new Response(null, { status: 429, headers: { 'retry-after': '60' } })
  await rig.ended(await rig.submit(hooked(receiver)))
  expect(await delivery(rig, 0, 'queued')).toMatchObject({
    runAt: rig.clock.now() + 60_000,
    error: undefined,
  })
  receiver.answer = () => new Response(null, { status: 204 })
  await rig.ended(await rig.submit(hooked(receiver)))
  await rig.clock.advance(59_000)
  expect(receiver.received).toHaveLength(1)
  await rig.clock.advance(1_000)
  await Promise.all([delivery(rig, 0, 'succeeded'), delivery(rig, 1, 'succeeded')])
  const endpoint = await rig.read({ id: 'ep_1' })
  expect(await rig.store.failures(endpoint, 0)).toEqual([])
})

test('410 disables the endpoint: what waits and what comes is not sent', async () => {
  await using rig = await startTelling()
  using receiver = new Receiver()
  receiver.answer = () => new Response(null, { status: 410 })
  await rig.ended(await rig.submit(hooked(receiver)))
  await delivery(rig, 0, 'failed')
  await rig.ended(await rig.submit(hooked(receiver)))
  expect(await delivery(rig, 1, 'cancelled', 0)).toMatchObject({ attempt: 0 })
  expect(receiver.received).toHaveLength(1)
  receiver.answer = () => new Response(null, { status: 204 })
  await rig.act('resume', { id: 'ep_1' })
  await rig.ended(await rig.submit(hooked(receiver)))
  expect(await delivery(rig, 2, 'succeeded')).toMatchObject({ attempt: 1 })
})

test('a receiver that hangs is asked ten times at once, and given up after 20 s', async () => {
  await using rig = await startTelling()
  using receiver = new Receiver()
  const { promise: never } = Promise.withResolvers<Response>()
  receiver.answer = () => never
  for (let i = 0; i < 12; i += 1) await rig.ended(await rig.submit(hooked(receiver)))
  await receiver.nth(10)
  await rig.settle()
  expect(receiver.received).toHaveLength(10)
  await rig.clock.advance(20_000)
  await receiver.nth(12)
  expect(await delivery(rig, 0, 'queued')).toMatchObject({ error: expect.stringContaining('"timeout"') })
})

test('what a job is called is no placeholder in what is told of it', async () => {
  await using rig = await startTelling()
  using receiver = new Receiver()
  const name = '{{secrets.KEY}} {{{{item}} \\{{index}}'
  await rig.ended(await rig.submit({ ...hooked(receiver), name, labels: { '10': '{{', '9': '}}' } }))
  const { payload } = await receiver.nth(1)
  expect(payload.data).toMatchObject({ name, labels: { '10': '{{', '9': '}}' } })
  await delivery(rig, 0, 'succeeded')
})

test('a thousand jobs that end together are told of once each', async () => {
  await using rig = await startTelling()
  using receiver = new Receiver()
  const jobs = Array.from({ length: 1_000 }, () => hooked(receiver))
  await Promise.all(jobs.map((job) => rig.submit(job)))
  await receiver.nth(1_000)
  await delivery(rig, 999, 'succeeded')
  expect(new Set(receiver.received.map(({ payload }) => payload.data.id))).toEqual(
    new Set(jobs.map(({ id }) => id)),
  )
  expect(receiver.received).toHaveLength(1_000)
  expect(await rig.store.endpoints({ limit: 10 })).toHaveLength(1)
})
