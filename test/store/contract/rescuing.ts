import { expect, test } from 'bun:test'
import type { Start } from '../contract.ts'
import { broken, indexesOf, one, succeeded } from '../driver.ts'

/** As often as no test here rescues a task. */
const often = 9

export const rescuing = (start: Start) => {
  test('what ran is queued again, and costs no attempt that may fail', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 3 })
    await s.settle((await s.claim(1))[0] ?? (await s.claimOne()), {
      type: 'retry',
      error: broken,
      runAt: s.now,
    })
    await s.claim()
    const { seq } = await s.job(job)
    s.now += 1_000
    expect(await s.store.rescue(s.now, often)).toBe(3)

    const after = await s.job(job)
    expect(after).toMatchObject({ state: 'running', counts: { queued: 3, running: 0 }, seq: seq + 3 })
    expect(indexesOf((await s.log(job, seq)).tasks).toSorted()).toEqual([0, 1, 2])
    expect(await s.claim()).toMatchObject([
      { index: 0, attempt: 3, failures: 1 },
      { index: 1, attempt: 2, failures: 0 },
      { index: 2, attempt: 2, failures: 0 },
    ])
    expect(await s.store.failures(job, 0)).toHaveLength(1)
  })

  test('an attempt that was rescued cannot be settled by who held it', async () => {
    const s = await start()
    await s.submit()
    const claim = await s.claimOne()
    await s.store.rescue(s.now, often)
    expect(await s.settle(claim, succeeded)).toBe(false)
    const again = await s.claimOne()
    expect(await s.settle(claim, succeeded)).toBe(false)
    expect(await s.settle(again, succeeded)).toBe(true)
  })

  test('what does not run is left alone, and a second rescue finds nothing', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 2 })
    expect(await s.store.rescue(s.now, often)).toBe(0)
    await s.claim(1)
    expect(await s.store.rescue(s.now, often)).toBe(1)
    const after = await s.job(job)
    expect(await s.store.rescue(s.now, often)).toBe(0)
    expect(await s.job(job)).toEqual(after)
  })

  test('a task that was rescued too often fails, with the others of its job left as they are', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 2 })
    for (let death = 1; death <= 2; death += 1) {
      await s.claim(1)
      await s.store.rescue(s.now, 2)
      expect((await s.task(job)).state).toBe('queued')
    }
    await s.claim(2)
    s.now += 1
    expect(await s.store.rescue(s.now, 2)).toBe(2)
    const task = await s.task(job)
    expect(task).toMatchObject({ state: 'failed', attempt: 3, finishedAt: s.now })
    expect(JSON.parse(task.error ?? '')).toEqual({
      code: 'rescued_too_often',
      message: 'The server died 3 times while it ran this task.',
    })
    expect(await s.job(job)).toMatchObject({ state: 'running', counts: { failed: 1, queued: 1 } })
  })

  test('a task that fails by being rescued decides its job like any other', async () => {
    const s = await start()
    const job = await s.submit({ mode: 'all', tasks: 3 })
    await s.claim(1)
    await s.store.rescue(s.now, 0)
    expect(await s.job(job)).toMatchObject({ state: 'stopping', outcome: 'failed', decidedBy: 0 })
    await s.sweep()
    expect(await s.states(job)).toEqual(['failed', 'cancelled', 'cancelled'])
    expect((await s.job(job)).state).toBe('failed')

    const last = await s.submit({ tasks: 1 })
    await s.claimOne()
    await s.store.rescue(s.now, 0)
    expect(await s.job(last)).toMatchObject({ state: 'succeeded', finishedAt: s.now })
  })

  test('what a stopping job left running is cancelled', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 2 })
    await s.claim(1)
    await s.act('cancel', job)
    await s.store.rescue(s.now, often)
    await s.sweep()
    expect(await s.states(job)).toEqual(['cancelled', 'cancelled'])
    expect((await s.job(job)).state).toBe('cancelled')
  })

  test('what a paused job left running waits until it is resumed', async () => {
    const s = await start()
    const job = await s.submit()
    await s.claimOne()
    await s.act('pause', job)
    await s.store.rescue(s.now, often)
    expect(await s.claim()).toEqual([])
    await s.act('resume', job)
    expect(await s.claimOne()).toMatchObject({ attempt: 2 })
  })

  test('retry lets a task be rescued as often again', async () => {
    const s = await start()
    const job = await s.submit({ mode: 'all' })
    for (let death = 1; death <= 2; death += 1) {
      await s.claimOne()
      await s.store.rescue(s.now, 1)
    }
    expect(await s.job(job)).toMatchObject({ state: 'failed' })
    await s.act('retry', job)
    await s.claimOne()
    await s.store.rescue(s.now, 1)
    expect(one(await s.states(job))).toBe('queued')
  })
}
