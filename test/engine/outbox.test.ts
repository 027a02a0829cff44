import { expect, test } from 'bun:test'
import { Outbox } from '../../src/engine/outbox.ts'
import type { NewJob } from '../../src/store/store.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { startEngine } from '../support/engine.ts'
import { jobIn, newJob } from '../support/jobs.ts'

test('a job of the outbox that cannot be written holds up no other, and is tried again', async () => {
  await using rig = await startEngine()
  const clock = fakeClock()
  const waiting = new Map(Array.from({ length: 150 }, (_, i) => [i + 1, newJob({ id: clock.id() })]))
  const logs: string[] = []
  let bad: number | undefined = 1
  const outbox = new Outbox({
    clock,
    log: (_, message) => void logs.push(message),
    store: {
      outbox: async (after, limit) =>
        [...waiting]
          .filter(([place]) => place > after)
          .slice(0, limit)
          .map(([place, job]): NewJob => ({ ...job, outbox: place })),
    },
    async submit({ outbox: place = 0, ...job }) {
      if (place === bad) throw new Error('it cannot be written')
      waiting.delete(place)
      return { type: 'created', job: jobIn(await rig.engine.submit(job)) }
    },
  })
  outbox.take()
  while (waiting.size > 1) await rig.settle()
  expect([...waiting.keys()]).toEqual([1])
  expect(logs).toEqual(['A job waits in the outbox, as it cannot be read or written'])
  bad = undefined
  await clock.advance(5_000)
  while (waiting.size > 0) await rig.settle()
  await outbox.stop()
  expect(clock.pending).toBe(0)
})
