import { expect, test } from 'bun:test'
import type { Claim, Committed, JobRecord } from '../../../src/store/store.ts'
import { newJob } from '../../support/jobs.ts'
import type { Start } from '../contract.ts'
import { broken, closing, type Driver, gateOf, indexesOf, inQueue, one, succeeded } from '../driver.ts'

/** Claims with no room in queue `q`, so that what is due in it is parked. */
const park = (s: Driver): Promise<Committed> => s.commit({ claim: 100, gate: gateOf({ q: 0 }) })

/** Offers queue `q` with so much room. */
const openUp = (s: Driver, room = Number.POSITIVE_INFINITY): Promise<Committed> =>
  s.commit({ claim: 100, gate: gateOf({ q: room }), opened: ['q'] })

export const parking = (start: Start) => {
  test('what is parked waits until its queue is said to be open', async () => {
    const s = await start()
    await s.submit({ tasks: inQueue('q', 3) })
    await park(s)
    expect((await s.commit({ claim: 100 })).claimed).toEqual([])
    const { claimed, drained, parked } = await openUp(s)
    expect(indexesOf(claimed)).toEqual([0, 1, 2])
    expect({ drained, parked }).toEqual({ drained: ['q'], parked: [] })
  })

  test('a queue is drained once nothing of it is left parked', async () => {
    const s = await start()
    for (let i = 0; i < 3; i += 1) await s.submit({ tasks: inQueue('q', 1) })
    await park(s)
    for (const drained of [[], [], ['q']]) {
      const committed = await openUp(s, 1)
      expect(committed.claimed).toHaveLength(1)
      expect(committed.drained).toEqual(drained)
    }
  })

  test('a queue that is said to be open and has no room keeps what is parked', async () => {
    const s = await start()
    await s.submit({ tasks: inQueue('q', 2) })
    await park(s)
    expect(await openUp(s, 0)).toMatchObject({ claimed: [], drained: [] })
    expect(await openUp(s)).toMatchObject({ claimed: [{}, {}], drained: ['q'] })
  })

  test('a commit that claims nothing opens nothing', async () => {
    const s = await start()
    await s.submit({ tasks: inQueue('q', 1) })
    await park(s)
    expect(await s.commit({ opened: ['q'] })).toMatchObject({ claimed: [], drained: [] })
    expect((await openUp(s)).claimed).toHaveLength(1)
  })

  test('what comes later into a queue that is parked is looked at once, and parked with the rest', async () => {
    const s = await start()
    await s.submit({ tasks: inQueue('q', 2) })
    await park(s)
    await s.submit({ tasks: inQueue('q', 1) })
    expect(await park(s)).toMatchObject({ claimed: [], parked: ['q'] })
    expect(await park(s)).toMatchObject({ claimed: [], parked: [] })
    expect((await openUp(s)).claimed).toHaveLength(3)
  })

  test('a task that is put back into a parked queue is parked with the others of its job', async () => {
    const s = await start()
    await s.submit({ tasks: inQueue('q', 3) })
    const { claimed } = await s.commit({ claim: 100, gate: gateOf({ q: 2 }) })
    const [a, b] = claimed
    if (!a || !b) throw new Error('Expected two claims')
    const settlements = [
      { claim: a, result: { type: 'release' } as const },
      { claim: b, result: { type: 'retry', error: broken, runAt: s.now + 50 } as const },
    ]
    const { gate, asked } = closing('q')
    expect(await s.commit({ settlements, claim: 100, gate })).toMatchObject({ claimed: [], parked: [] })
    expect(asked).toEqual([])
    expect(indexesOf((await openUp(s)).claimed).toSorted()).toEqual([0, 2])
    expect((await s.commit()).wakeAt).toBe(s.now + 50)
  })

  test('a paused job takes its place up again when it is resumed, closed queue or not', async () => {
    const s = await start()
    const job = await s.submit({ tasks: inQueue('q', 1) })
    await park(s)
    await s.act('pause', job)
    expect(await openUp(s)).toMatchObject({ claimed: [], drained: ['q'] })
    await s.act('resume', job)
    expect(await park(s)).toMatchObject({ claimed: [], parked: ['q'] })
    expect((await openUp(s)).claimed).toHaveLength(1)
  })

  test('jobs that may not claim hold up no other of the same queue', async () => {
    const s = await start()
    const full = await s.submit({
      tasks: [{ queue: 'q' }, { queue: 'other', runAt: s.now + 1 }],
      concurrency: 1,
    })
    const paused = await s.submit({ tasks: inQueue('q', 1) })
    const free = await s.submit({ tasks: inQueue('q', 1) })
    expect((await park(s)).parked).toEqual(['q'])
    s.now += 1
    const busy = one((await park(s)).claimed)
    await s.act('pause', paused)

    expect((await openUp(s, 1)).claimed).toMatchObject([{ jobId: free.id }])
    expect((await openUp(s, 1)).claimed).toEqual([])
    await s.settle(busy, succeeded)
    expect((await openUp(s, 1)).claimed).toMatchObject([{ jobId: full.id }])
    await s.act('resume', paused)
    expect((await openUp(s, 1)).claimed).toMatchObject([{ jobId: paused.id }])
  })

  test('a thousand paused jobs hold up no other of the same queue', async () => {
    const s = await start()
    const submissions = Array.from({ length: 1_500 }, () => newJob({ tasks: inQueue('q', 1) }))
    await s.commit({ submissions })
    const free = await s.submit({ tasks: inQueue('q', 1) })
    while ((await park(s)).unfinished);
    await s.commit({ actions: submissions.map(({ id }) => ({ type: 'pause', job: id })) })
    let claimed: Claim[] = []
    for (let commits = 0; claimed.length === 0 && commits < 4; commits += 1)
      claimed = (await openUp(s, 1)).claimed
    expect(claimed).toMatchObject([{ jobId: free.id }])
  })

  test('a job that is cancelled while it is parked leaves nothing behind', async () => {
    const s = await start()
    const job = await s.submit({ tasks: inQueue('q', 3) })
    await park(s)
    const cancelled = await s.commit({
      actions: [{ type: 'cancel', job: job.id }],
      claim: 100,
      opened: ['q'],
    })
    expect(cancelled).toMatchObject({ claimed: [], drained: ['q'] })
    expect(await s.job(job)).toMatchObject({ state: 'cancelled', counts: { cancelled: 3 } })
    expect(await s.queues()).toEqual([])
    await s.act('delete', job)
    await s.sweep()
    expect(await openUp(s)).toMatchObject({ claimed: [], parked: [], drained: ['q'], wakeAt: undefined })
    expect(await s.store.rescue(s.now, 9)).toBe(0)
    expect(await s.store.queue('q')).toMatchObject({ name: 'q', queued: 0, blocked: 0 })

    const next = await s.submit({ tasks: inQueue('q', 1) })
    expect(await s.claim()).toMatchObject([{ jobId: next.id }])
  })

  test('a queue is drained when the last that was parked in it was cancelled before', async () => {
    const s = await start()
    const jobs = [await s.submit({ tasks: inQueue('q', 1) }), await s.submit({ tasks: inQueue('q', 1) })]
    await park(s)
    for (const job of jobs) {
      expect((await openUp(s, 0)).drained).toEqual([])
      await s.act('cancel', job)
    }
    expect((await openUp(s, 0)).drained).toEqual(['q'])
  })

  test('a job that runs out of time while it is parked leaves nothing behind', async () => {
    const s = await start()
    const job = await s.submit({ tasks: inQueue('q', 2), timeoutMs: 100 })
    await park(s)
    s.now += 100
    expect(await openUp(s)).toMatchObject({ claimed: [], drained: ['q'], wakeAt: undefined })
    expect(await s.states(job)).toEqual(['cancelled', 'cancelled'])
    expect(await s.queues()).toEqual([])
  })

  test('a rescue has everything looked at again', async () => {
    const s = await start()
    const jobs: JobRecord[] = []
    for (let i = 0; i < 3; i += 1)
      jobs.push(await s.submit({ tasks: [...inQueue('q', 1), ...inQueue('r', 1)] }))
    await s.commit({ claim: 100, gate: gateOf({ q: 0, r: 1 }) })
    expect(await s.store.rescue(s.now, 9)).toBe(1)
    const { gate, asked } = closing('r')
    const { claimed, parked } = await s.commit({ claim: 100, gate })
    expect(claimed.map(({ jobId, queue }) => [jobId, queue])).toEqual(jobs.map(({ id }) => [id, 'q']))
    expect(parked).toEqual(['r'])
    expect(asked.toSorted()).toEqual(['q', 'r'])
  })

  test('a restart has everything looked at again', async () => {
    const s = await start()
    await s.submit({ tasks: inQueue('q', 2) })
    await park(s)
    await s.reopen()
    await s.store.rescue(s.now, 9)
    expect(await s.claim()).toHaveLength(2)
  })
}
