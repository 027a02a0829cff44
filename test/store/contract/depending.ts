import { expect, test } from 'bun:test'
import type { Dependency } from '../../../src/job/graph.ts'
import type { Claim } from '../../../src/store/store.ts'
import type { JobFields } from '../../support/jobs.ts'
import type { Start } from '../contract.ts'
import { failed, succeeded } from '../driver.ts'

const after = (...tasks: (number | Dependency)[]) => ({
  after: tasks.map((task) => (typeof task === 'number' ? { task, on: 'succeeded' as const } : task)),
})
const anyhow = (task: number): Dependency => ({ task, on: 'ended' })

const of = (claims: readonly Claim[], index: number): Claim => {
  const claim = claims.find((one) => one.index === index)
  if (claim === undefined) throw new Error(`Expected task ${index} to be claimed`)
  return claim
}

/** 0 → 1 and 2 → 3. */
const diamond: JobFields = { tasks: [{}, after(0), after(0), after(1, 2)] }

export const depending = (start: Start) => {
  test('a task is blocked until every task that it comes after has succeeded', async () => {
    const s = await start()
    const job = await s.submit(diamond)
    expect(job.counts).toMatchObject({ total: 4, queued: 1, blocked: 3 })
    await s.settle(await s.claimOne(), succeeded)
    expect(await s.states(job)).toEqual(['succeeded', 'queued', 'queued', 'blocked'])
    const both = await s.claim()
    await s.settle(of(both, 2), succeeded)
    expect((await s.task(job, 3)).state).toBe('blocked')
    await s.settle(of(both, 1), succeeded)
    expect((await s.task(job, 3)).state).toBe('queued')
    await s.runAll()
    expect(await s.job(job)).toMatchObject({ state: 'succeeded', counts: { succeeded: 4 } })
  })

  test('what a settlement frees is claimed in the same commit', async () => {
    const s = await start()
    await s.submit(diamond)
    const claim = await s.claimOne()
    const { claimed } = await s.commit({ settlements: [{ claim, result: succeeded }], claim: 10 })
    expect(claimed.map(({ index }) => index)).toEqual([1, 2])
  })

  test('a failure cancels what comes after it, and what comes after that', async () => {
    const s = await start()
    const job = await s.submit({ tasks: [{}, after(0), after(1), {}] })
    const claims = await s.claim()
    await s.settle(of(claims, 0), failed)
    expect(await s.states(job)).toEqual(['failed', 'cancelled', 'cancelled', 'running'])
    const error = JSON.parse((await s.task(job, 2)).error ?? '{}')
    expect(error).toMatchObject({ code: 'dependency_failed', details: { task: 1 } })
    await s.settle(of(claims, 3), succeeded)
    expect(await s.job(job)).toMatchObject({ state: 'succeeded', counts: { cancelled: 2, blocked: 0 } })
  })

  test('a task that comes after the end of another runs however that ends', async () => {
    const s = await start()
    const job = await s.submit({ tasks: [{}, after(anyhow(0)), after(0, anyhow(1))] })
    await s.settle(await s.claimOne(), failed)
    expect(await s.states(job)).toEqual(['failed', 'queued', 'cancelled'])
  })

  test('a task named twice is waited for once, on the stricter terms', async () => {
    const s = await start()
    const job = await s.submit({ tasks: [{}, after(0, anyhow(0), 0)] })
    await s.settle(await s.claimOne(), failed)
    expect(await s.states(job)).toEqual(['failed', 'cancelled'])
  })

  test('a retry of the attempt frees nothing', async () => {
    const s = await start()
    const job = await s.submit({ tasks: [{}, after(anyhow(0))] })
    const error = { code: 'internal', message: 'Once more.' } as const
    await s.settle(await s.claimOne(), { type: 'retry', error, runAt: s.now })
    expect(await s.states(job)).toEqual(['queued', 'blocked'])
  })

  test('a job that stops cancels what is blocked', async () => {
    const s = await start()
    const job = await s.submit({ tasks: [{}, {}, after(0), after(2)], concurrency: 1 })
    const claim = await s.claimOne()
    await s.act('cancel', job)
    await s.settle(claim, succeeded)
    await s.sweep()
    expect(await s.states(job)).toEqual(['succeeded', 'cancelled', 'cancelled', 'cancelled'])
    expect(await s.job(job)).toMatchObject({ state: 'cancelled', counts: { blocked: 0, queued: 0 } })
  })

  test('all fails with the first failure, whatever is blocked', async () => {
    const s = await start()
    const job = await s.submit({ mode: 'all', tasks: [{}, after(0), after(1)] })
    await s.settle(await s.claimOne(), failed)
    await s.sweep()
    expect(await s.job(job)).toMatchObject({
      state: 'failed',
      decidedBy: 0,
      counts: { failed: 1, cancelled: 2 },
    })
  })

  test('what is revived waits again for what is revived with it, and for nothing else', async () => {
    const s = await start()
    const job = await s.submit({ tasks: [{}, after(0), {}, after(1, 2)] })
    const claims = await s.claim()
    await s.settle(of(claims, 0), failed)
    await s.settle(of(claims, 2), succeeded)
    expect((await s.job(job)).state).toBe('succeeded')
    await s.act('retry', job)
    expect(await s.states(job)).toEqual(['queued', 'blocked', 'succeeded', 'blocked'])
    const { job: now, tasks } = await s.log(job)
    expect(now.counts).toMatchObject({ queued: 1, blocked: 2, succeeded: 1, cancelled: 0, failed: 0 })
    expect(tasks.map(({ seq }) => seq)).toEqual(tasks.map(({ seq }) => seq).sort((a, b) => a - b))
    await s.runAll()
    expect(await s.job(job)).toMatchObject({ state: 'succeeded', counts: { succeeded: 4 } })
  })

  test('a chain of ten thousand falls in one commit', async () => {
    const s = await start()
    const tasks = Array.from({ length: 10_000 }, (_, i) => (i === 0 ? {} : after(i - 1)))
    const job = await s.submit({ tasks })
    await s.settle(await s.claimOne(), failed)
    expect((await s.job(job)).counts).toMatchObject({ failed: 1, cancelled: 9_999, blocked: 0 })
  })

  test('nothing of a deleted job is left to free', async () => {
    const s = await start()
    const job = await s.submit(diamond)
    await s.runAll()
    await s.act('delete', job)
    await s.sweep()
    const again = await s.submit(diamond)
    await s.runAll()
    expect((await s.job(again)).counts.succeeded).toBe(4)
  })
}
