import { expect, test } from 'bun:test'
import type { Start } from '../contract.ts'
import { broken, failed, one, succeeded } from '../driver.ts'

export const timing = (start: Start) => {
  test('a job that runs out of time fails, and what waits is cancelled', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 3, timeoutMs: 1_000 })
    const [claim] = await s.claim(1)
    if (!claim) throw new Error('Expected a claim')
    s.now += 999
    expect(await s.commit()).toMatchObject({ changes: [], wakeAt: s.now + 1 })
    s.now += 1
    const { changes, claimed } = await s.commit({ claim: 10 })
    expect(claimed).toEqual([])
    const error = { code: 'timeout', message: 'The job did not end within its timeoutMs of 1000.' }
    expect(one(changes)).toMatchObject({ moved: true, job: { state: 'stopping', outcome: 'failed', error } })
    expect(await s.states(job)).toEqual(['running', 'cancelled', 'cancelled'])
    await s.settle(claim, succeeded)
    expect(await s.job(job)).toMatchObject({ state: 'failed', error, decidedBy: undefined })
  })

  test('a paused job runs out of time as well', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 1, timeoutMs: 1_000 })
    await s.act('pause', job)
    expect((await s.commit()).wakeAt).toBe(s.now + 1_000)
    s.now += 1_000
    await s.sweep()
    expect(await s.job(job)).toMatchObject({ state: 'failed', error: { code: 'timeout' } })
  })

  test('what ends in the commit at which time runs out still counts', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 1, timeoutMs: 1_000 })
    const claim = await s.claimOne()
    s.now += 1_000
    await s.settle(claim, succeeded)
    expect(await s.job(job)).toMatchObject({ state: 'succeeded', error: undefined })
  })

  test('a job that is decided in time does not run out of it', async () => {
    const s = await start()
    const job = await s.submit({ mode: 'race', tasks: 2, timeoutMs: 1_000 })
    const [a, b] = await s.claim()
    if (!a || !b) throw new Error('Expected two claims')
    await s.settle(a, succeeded)
    expect((await s.commit()).wakeAt).toBeUndefined()
    s.now += 2_000
    await s.settle(b, succeeded)
    expect(await s.job(job)).toMatchObject({ state: 'succeeded', outcome: 'succeeded', error: undefined })
  })

  test('a job is kept as long after its end as it says, then deleted', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 2, keepMs: 1_000 })
    s.now += 5_000
    await s.runAll(failed)
    expect((await s.commit()).wakeAt).toBe(s.now + 1_000)
    s.now += 999
    expect((await s.commit()).changes).toEqual([])
    s.now += 1
    const { changes, wakeAt } = await s.commit()
    expect(one(changes)).toMatchObject({ deleted: true, job: { id: job.id } })
    expect(wakeAt).toBeUndefined()
    await s.sweep()
    expect(await s.store.job(job.id)).toBeUndefined()
    expect(await s.store.task(job, { index: 0 })).toBeUndefined()
  })

  test('a job that keeps nothing is there in the commit that ends it, and gone after the next', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 0, keepMs: 0 })
    expect(await s.job(job)).toMatchObject({ state: 'succeeded' })
    await s.commit()
    expect(await s.store.job(job.id)).toBeUndefined()
  })

  test('a job without keepMs is kept', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 0 })
    s.now += 1e12
    expect(await s.commit()).toMatchObject({ changes: [], wakeAt: undefined })
    expect(await s.job(job)).toMatchObject({ state: 'succeeded' })
  })

  test('retry calls the expiry off, until the job ends again', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 1, keepMs: 1_000 })
    await s.runAll(failed)
    s.now += 999
    expect(await s.act('retry', job)).toMatchObject({ type: 'done' })
    s.now += 1_000
    await s.runAll()
    expect((await s.commit()).wakeAt).toBe(s.now + 1_000)
    expect(await s.job(job)).toMatchObject({ state: 'succeeded' })
  })

  test('many jobs run out of time, or expire, over a few commits', async () => {
    const s = await start()
    const jobs = []
    for (let i = 0; i < 250; i += 1) jobs.push(await s.submit({ tasks: 1, timeoutMs: 10, keepMs: 10 }))
    s.now += 10
    await s.sweep()
    for (const job of jobs) expect((await s.job(job)).state).toBe('failed')
    s.now += 10
    await s.sweep()
    expect((await s.store.jobs({ limit: 1 })).data).toEqual([])
  })

  test('the store says when the first thing becomes due, of all jobs', async () => {
    const s = await start()
    const wakeAt = async () => (await s.commit()).wakeAt
    expect(await wakeAt()).toBeUndefined()
    await s.submit({ tasks: 1, timeoutMs: 9_000 })
    expect(await wakeAt()).toBe(s.now + 9_000)
    await s.settle(await s.claimOne(), { type: 'retry', error: broken, runAt: s.now + 7_000 })
    expect(await wakeAt()).toBe(s.now + 7_000)
    const snoozed = await s.submit({ tasks: 2 })
    const [first] = await s.claim()
    if (first) await s.settle(first, { type: 'snooze', runAt: s.now + 3_000 })
    expect(await wakeAt()).toBe(s.now + 3_000)
    await s.submit({ tasks: 0, keepMs: 1_000 })
    expect(await wakeAt()).toBe(s.now + 1_000)
    await s.act('pause', snoozed)
    s.now += 3_000
    await s.sweep()
    expect(await wakeAt()).toBe(s.now + 4_000)
  })

  test('a clock that was set back claims nothing too early, and loses nothing', async () => {
    const s = await start()
    await s.submit({ tasks: 2 })
    s.now -= 5_000
    expect(await s.claim()).toEqual([])
    expect((await s.commit()).wakeAt).toBe(s.now + 5_000)
    s.now += 5_000
    expect(await s.claim()).toHaveLength(2)
  })
}
