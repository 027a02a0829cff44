import { expect, test } from 'bun:test'
import type { Claim } from '../../../src/store/store.ts'
import { newJob, newTask } from '../../support/jobs.ts'
import type { Start } from '../contract.ts'
import { closing, gateOf, indexesOf, inQueue, succeeded } from '../driver.ts'

/** What a gate lets through, and what it costs when it lets nothing through. */
export const queueing = (start: Start) => {
  test('no more is claimed of a queue than it has room for, and the queue is reported as parked', async () => {
    const s = await start()
    await s.submit({ tasks: [...inQueue('q', 5), ...inQueue('other', 2)] })
    const { claimed, parked, drained } = await s.commit({ claim: 100, gate: gateOf({ q: 3 }) })
    expect(indexesOf(claimed).toSorted()).toEqual([0, 1, 2, 5, 6])
    expect(claimed[0]).toMatchObject({ queue: 'q' })
    expect(parked).toEqual(['q'])
    expect(drained).toEqual([])
  })

  test('the room of a queue is for all jobs together', async () => {
    const s = await start()
    for (let i = 0; i < 4; i += 1) await s.submit({ tasks: inQueue('q', 40) })
    const { claimed, parked } = await s.commit({ claim: 100, gate: gateOf({ q: 50 }) })
    expect(claimed).toHaveLength(50)
    expect(parked).toEqual(['q'])
  })

  test('a queue is not reported as parked when nothing in it is due', async () => {
    const s = await start()
    await s.submit({ tasks: [...inQueue('q', 2), newTask({ queue: 'later', runAt: s.now + 1_000 })] })
    const committed = await s.commit({ claim: 100, gate: gateOf({ q: 2, later: 0 }) })
    expect(committed).toMatchObject({ parked: [], wakeAt: s.now + 1_000 })
    expect(committed.claimed).toHaveLength(2)
  })

  test('tasks of one queue have one number for it, whatever their jobs', async () => {
    const s = await start()
    for (const queue of ['a', 'b', 'a']) await s.submit({ tasks: inQueue(queue, 1) })
    const numbers = Map.groupBy(await s.claim(), ({ queue }) => queue)
    const [a, b] = ['a', 'b'].map((queue) => new Set(numbers.get(queue)?.map((claim) => claim.queueNumber)))
    expect([a?.size, b?.size]).toEqual([1, 1])
    expect(a).not.toEqual(b)
  })

  test.each([50, 5_000])(
    'a closed queue holds up nothing behind it, and costs one look, with %d tasks in it',
    async (count) => {
      const s = await start()
      await s.submit({ tasks: [...inQueue('q', count), ...inQueue('open', 60)] })
      await s.submit({ tasks: [...inQueue('q', count), ...inQueue('open', 40)] })
      const { gate, asked } = closing('q')
      const first = await s.commit({ claim: 200, gate })
      expect(first.claimed.map(({ queue }) => queue)).toEqual(Array.from({ length: 100 }, () => 'open'))
      expect(first).toMatchObject({ parked: ['q'], unfinished: false, wakeAt: undefined })
      expect(asked.filter((queue) => queue === 'q').length).toBeLessThanOrEqual(2)

      asked.length = 0
      const second = await s.commit({ claim: 200, gate })
      expect(second).toMatchObject({ claimed: [], parked: [], unfinished: false })
      expect(asked).toEqual([])
    },
  )

  test('many jobs in a closed queue hold up none behind them', async () => {
    const s = await start()
    const submissions = Array.from({ length: 2_500 }, () => newJob({ tasks: inQueue('q', 1) }))
    await s.commit({ submissions })
    const open = await s.submit({ tasks: inQueue('open', 3) })
    const { gate } = closing('q')
    let claimed: Claim[] = []
    for (let commits = 0; claimed.length === 0 && commits < 5; commits += 1) {
      const committed = await s.commit({ claim: 10, gate })
      claimed = committed.claimed
      if (claimed.length === 0) expect(committed.unfinished).toBe(true)
    }
    expect(claimed.map(({ jobId }) => jobId)).toEqual([open.id, open.id, open.id])
  })

  test('a job of many closed queues is through with them in a few commits', async () => {
    const s = await start()
    const queues = Array.from({ length: 1_200 }, (_, i) => `q${i}`)
    const job = await s.submit({ tasks: [...queues, 'open'].map((queue) => newTask({ queue })) })
    const gate = gateOf(Object.fromEntries(queues.map((queue) => [queue, 0])))
    const parked: string[] = []
    for (let unfinished = true; unfinished; ) {
      const committed = await s.commit({ claim: 10, gate })
      parked.push(...committed.parked)
      unfinished = committed.unfinished
    }
    expect(parked.toSorted()).toEqual(queues.toSorted())
    expect((await s.task(job, 1_200)).state).toBe('running')
  })

  test('the queues of a job take turns', async () => {
    const s = await start()
    const job = await s.submit({ tasks: [...inQueue('a', 400), ...inQueue('b', 400)] })
    const got = { a: 0, b: 0 }
    for (let i = 0; i < 10; i += 1) for (const { queue } of await s.claim(40)) got[queue as 'a' | 'b'] += 1
    expect(got.a + got.b).toBe(400)
    expect(Math.abs(got.a - got.b)).toBeLessThanOrEqual(40)
    expect((await s.job(job)).counts.running).toBe(400)
  })

  test('queues say what waits in them, by name and a page at a time', async () => {
    const s = await start()
    const after = [{ task: 0, on: 'succeeded' as const }]
    await s.submit({ tasks: [{ queue: 'b' }, { queue: 'a', after }, { queue: 'b', after }, { queue: 'c' }] })
    await s.submit({ tasks: [{ queue: 'b' }, { queue: 'b', runAt: s.now + 1_000 }] })
    expect(await s.queues()).toEqual([
      { name: 'a', queued: 0, blocked: 1 },
      { name: 'b', queued: 3, blocked: 1 },
      { name: 'c', queued: 1, blocked: 0 },
    ])
    const names = async (after: string | undefined) =>
      (await s.store.queues({ after, limit: 1 })).map(({ name }) => name)
    expect([await names(undefined), await names('a'), await names('c')]).toEqual([['a'], ['b'], []])

    const claims = await s.claim()
    expect(await s.queues()).toEqual([
      { name: 'a', queued: 0, blocked: 1 },
      { name: 'b', queued: 1, blocked: 1 },
    ])
    await s.commit({ settlements: claims.map((claim) => ({ claim, result: succeeded })) })
    expect(await s.queues()).toEqual([
      { name: 'a', queued: 1, blocked: 0 },
      { name: 'b', queued: 2, blocked: 0 },
    ])
    expect(await s.store.queue('c')).toMatchObject({ name: 'c', queued: 0, blocked: 0 })
    expect(await s.store.queue('never')).toBeUndefined()
  })
}
