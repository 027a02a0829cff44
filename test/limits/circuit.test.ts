import { expect, test } from 'bun:test'
import type { QueueView } from '../../src/client.ts'
import { Channel } from '../http/socket.ts'
import { Place } from './place.ts'

const breaker = { failures: 0.5, of: 10, openMs: 100, probes: 1 }
const concurrency = 8
const tasks = 400

/** As often as it takes, and soon: what an upstream that is down for a while needs. */
const retry = { attempts: 100, backoff: 'fixed', delayMs: 50 } as const

test('a circuit opens when the upstream fails, probes, closes when it works again, and nothing is lost', async () => {
  await using place = await Place.open()
  const { queues } = place.sheaf
  using channel = await Channel.open(place.address)
  await queues.set('frail', { breaker, concurrency })
  channel.send({ type: 'subscribe', queues: 'frail' })
  const told = async (state: string): Promise<QueueView> => {
    for (;;) {
      const message = await channel.next()
      if (message.type === 'queue' && message.data.circuit?.state === state) return message.data
    }
  }
  await told('closed')

  const job = await place.sheaf.submit(place.tasks('any/frail/0/20', tasks), { retry })
  await place.arrivals('frail', 100)
  await place.break('frail')
  expect(await told('open')).toMatchObject({ status: 'broken' })
  expect(await queues.get('frail')).toMatchObject({
    circuit: { state: expect.stringMatching(/open|probing/) },
  })
  await told('probing')
  await told('open')
  // Longer each time, and nothing but probes: what ran when it opened has come long ago.
  const { length: before } = await place.arrivals('frail')
  await told('probing')
  const again = await told('open')
  const { length: after } = await place.arrivals('frail')
  expect(after - before).toBe(1)
  expect(opensFor(again)).toBe(4 * breaker.openMs)

  await place.mend('frail')
  await told('probing')
  expect(await told('closed')).toMatchObject({ status: 'open' })
  expect((await job.ended()).counts).toMatchObject({ total: tasks, succeeded: tasks })
  const arrivals = await place.arrivals('frail')
  expect(new Set(arrivals.filter(({ status }) => status === 200).map(({ key }) => key)).size).toBe(tasks)
  // Half of ten to open it, those that ran beside them, and the probes.
  expect(arrivals.filter(({ status }) => status === 500).length).toBeLessThanOrEqual(
    breaker.of + concurrency + 3,
  )
}, 30_000)

const opensFor = ({ circuit }: QueueView): number =>
  Date.parse(circuit?.retryAt ?? '') - Date.parse(circuit?.changedAt ?? '')
