import { describe, expect, test } from 'bun:test'
import { call, type DeliveryView } from '../../src/client.ts'
import { told } from '../../src/engine/told.ts'
import { type AppRig, startApp } from '../http/rig.ts'
import { keysOf, loopback, Receiver, secretOf } from '../support/webhooks.ts'
import { connect, failOnLeaks } from './support/leaks.ts'
import { startClient } from './support/rig.ts'

failOnLeaks()

const start = () => startApp({ kinds: { egress: loopback, webhookSecrets: keysOf(secretOf('a')) } })

/** Resolves once all deliveries are in this state. */
const untilAll = async (rig: AppRig, endpoint: string, state: DeliveryView['state']) => {
  const { webhooks } = connect(rig.app)
  for await (const _ of told((reader) => rig.engine.follow(endpoint, { after: 0 }, reader))) {
    const { data } = await webhooks.deliveries(endpoint)
    if (data.every((one) => one.state === state)) return data
  }
  throw new Error(`Expected deliveries that are ${state}`)
}

describe('the webhooks', () => {
  test('are told of jobs, listed, and their deliveries read', async () => {
    await using rig = await start()
    using receiver = new Receiver()
    const sheaf = connect(rig.app)
    const webhook = { url: receiver.url, events: ['job.running' as const, 'job.succeeded' as const] }
    const job = await sheaf.submit([call('echo', 1)], { name: 'told', webhook })
    const { id = '' } = (await job.ended()).webhook ?? {}
    const deliveries = await untilAll(rig, id, 'succeeded')
    expect(deliveries.map(({ type }) => type)).toEqual(['job.running', 'job.succeeded'])
    expect((await sheaf.webhooks.list()).data).toEqual([await sheaf.webhooks.get(id)])
    const page = await sheaf.webhooks.ofJob(job.id, { limit: 1 })
    const rest = await sheaf.webhooks.ofJob(job.id, { cursor: page.next ?? '' })
    expect([...page.data, ...rest.data]).toEqual(deliveries)
    const whole = await sheaf.webhooks.delivery(id, deliveries[0]?.id ?? '')
    expect(whole.payload).toMatchObject({ type: 'job.running', data: { name: 'told' } })
  })

  test('that are gone are enabled again, and get what they missed', async () => {
    await using rig = await start()
    using receiver = new Receiver()
    const { submit, webhooks } = connect(rig.app)
    receiver.answer = () => new Response(null, { status: 410 })
    const job = await submit([call('echo', 1)], { webhook: { url: receiver.url } })
    const { id = '' } = (await job.ended()).webhook ?? {}
    const [dead] = await untilAll(rig, id, 'failed')
    expect((await webhooks.deliveries(id, { state: 'failed' })).data).toHaveLength(1)
    expect((await webhooks.get(id)).state).toBe('disabled')
    await expect(webhooks.replay(id)).rejects.toMatchObject({ code: 'conflict' })
    receiver.answer = () => new Response(null, { status: 200 })
    expect((await webhooks.enable(id)).state).toBe('enabled')
    expect((await webhooks.replayOne(id, dead?.id ?? '')).id).toBe(dead?.id ?? '')
    await untilAll(rig, id, 'succeeded')
    expect((await webhooks.disable(id)).state).toBe('disabled')
  })

  test('that are not there are not found', async () => {
    await using rig = await start()
    const { webhooks } = connect(rig.app)
    for (const id of ['none', '..', 'a/b', ''])
      for (const ask of [webhooks.get, webhooks.enable, webhooks.replay, webhooks.deliveries, webhooks.ofJob])
        await expect(ask(id)).rejects.toMatchObject({ code: 'not_found', status: 404 })
  })
})

test('one replay is asked for once, when the answer is lost', async () => {
  const client = startClient({ retryMs: 1_000 })
  await expect(client.sheaf.webhooks.replayOne('ep_1', 'msg_1')).rejects.toMatchObject({
    code: 'unreachable',
  })
  expect(client.requests).toEqual(['POST /base/webhooks/ep_1/deliveries/msg_1/replay'])
  client.expectNothingOpen()
})
