import { expect, test } from 'bun:test'
import type { Start } from '../contract.ts'
import { type Driver, gateOf, inQueue, one, succeeded } from '../driver.ts'

/** Takes everything that is due, and dies with it. */
const die = async (s: Driver, times = 1): Promise<void> => {
  for (let i = 0; i < times; i += 1) {
    await s.claim()
    await s.store.rescue(s.now, 3)
  }
}

/** Tasks during which the server died twice. */
export const suspecting = (start: Start) => {
  test('after one death everything runs again at once, after two one task at a time', async () => {
    const s = await start()
    await s.submit({ tasks: 5 })
    await die(s)
    expect(await s.claim()).toHaveLength(5)
    await s.store.rescue(s.now, 3)
    for (let left = 5; left > 0; left -= 1) {
      const claim = await s.claimOne()
      expect(await s.claim()).toEqual([])
      await s.settle(claim, succeeded)
    }
    expect(await s.claim()).toEqual([])
  })

  test('tasks that were not there run beside it', async () => {
    const s = await start()
    await s.submit({ tasks: 3 })
    await die(s, 2)
    await s.submit({ tasks: 4 })
    expect(await s.claim()).toHaveLength(5)
  })

  test('the one that kills the server fails, and takes none of the others along', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 4 })
    const poison = 2
    for (let lives = 0; lives < 20; lives += 1) {
      const claims = await s.claim()
      if (claims.length === 0) break
      if (claims.some(({ index }) => index === poison)) await s.store.rescue(s.now, 3)
      else for (const claim of claims) await s.settle(claim, succeeded)
    }
    expect(await s.states(job)).toEqual(['succeeded', 'succeeded', 'failed', 'succeeded'])
    expect((await s.task(job, poison)).error).toContain('rescued_too_often')
  })

  test('one whose job may not claim leaves its place to the next', async () => {
    const s = await start()
    const [paused, other] = [await s.submit({}), await s.submit({})]
    await die(s, 2)
    await s.act('pause', paused)
    expect(await s.claim()).toMatchObject([{ jobId: other.id }])
  })

  test('one whose queue has no room waits for it, and is reported as parked', async () => {
    const s = await start()
    await s.submit({ tasks: inQueue('q', 1) })
    await die(s, 2)
    expect(await s.commit({ claim: 10, gate: gateOf({ q: 0 }) })).toMatchObject({
      claimed: [],
      parked: ['q'],
    })
    expect((await s.commit({ claim: 10, opened: ['q'] })).claimed).toHaveLength(1)
  })

  test('it is cancelled, deleted and counted like any other', async () => {
    const s = await start()
    const job = await s.submit({ tasks: inQueue('q', 3) })
    await die(s, 2)
    expect(await s.queues()).toEqual([{ name: 'q', queued: 3, blocked: 0 }])
    await s.act('cancel', job)
    await s.sweep()
    expect(await s.states(job)).toEqual(['cancelled', 'cancelled', 'cancelled'])
    expect(await s.queues()).toEqual([])
    expect(one(await s.store.jobs({ limit: 5 }).then(({ data }) => data)).state).toBe('cancelled')
  })

  test('the store says when one becomes due that is not due yet', async () => {
    const s = await start()
    await s.submit({ tasks: 1 })
    await die(s, 2)
    const claim = await s.claimOne()
    await s.settle(claim, { type: 'snooze', runAt: s.now + 5_000 })
    expect((await s.commit({ claim: 1 })).wakeAt).toBe(s.now + 5_000)
    s.now += 5_000
    expect(await s.claim()).toHaveLength(1)
  })
}
