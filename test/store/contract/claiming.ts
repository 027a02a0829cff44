import { expect, test } from 'bun:test'
import { newJob } from '../../support/jobs.ts'
import type { Start } from '../contract.ts'
import { broken, indexesOf, one, succeeded } from '../driver.ts'

export const claiming = (start: Start) => {
  test('a claim carries what it takes to run the task, and starts it', async () => {
    const s = await start()
    const asked = newJob({
      defaults: { timeoutMs: 5, retry: { attempts: 2 } },
      tasks: [{ key: 'k', kind: 'http', queue: 'http:x', input: '{"url":"x"}', options: '{"timeoutMs":1}' }],
    })
    const { claimed, changes } = await s.commit({ submissions: [asked], claim: 1 })
    const job = await s.job(asked)
    expect(claimed).toEqual([
      {
        job: job.number,
        jobId: asked.id,
        index: 0,
        key: 'k',
        kind: 'http',
        queue: 'http:x',
        queueNumber: expect.any(Number),
        attempt: 1,
        failures: 0,
        waitedMs: 0,
        input: '{"url":"x"}',
        template: undefined,
        options: '{"timeoutMs":1}',
        defaults: { timeoutMs: 5, retry: { attempts: 2 } },
        concurrency: undefined,
        mode: 'allSettled',
        startedAt: s.now,
      },
    ])
    expect(job).toMatchObject({ startedAt: s.now, counts: { queued: 0, running: 1 } })
    expect(await s.task(job)).toMatchObject({ state: 'running', attempt: 1, startedAt: s.now, seq: job.seq })
    expect(one(one(changes).tasks)).toMatchObject({ index: 0, key: 'k', state: 'running', attempt: 1 })
  })

  test('a job claims beyond its concurrency as far as it is told, at most three times as much', async () => {
    const s = await start()
    await s.submit({ tasks: 200, concurrency: 20 })
    const { claimed } = await s.commit({ claim: 200, ahead: 10 })
    expect(claimed.length).toBe(30)
    expect((await s.commit({ claim: 200, ahead: 10 })).claimed.length).toBe(0)
    const settlements = claimed.slice(0, 1).map((claim) => ({ claim, result: succeeded }))
    expect((await s.commit({ settlements, claim: 200, ahead: 1_000 })).claimed.length).toBe(51)
  })

  test('a job of few tasks at once claims nothing ahead', async () => {
    const s = await start()
    await s.submit({ tasks: 200, concurrency: 15 })
    expect((await s.commit({ claim: 200, ahead: 10 })).claimed.length).toBe(15)
  })

  test('tasks are claimed in input order, each once, up to the limit', async () => {
    const s = await start()
    await s.submit({ tasks: 10 })
    expect(indexesOf(await s.claim(4))).toEqual([0, 1, 2, 3])
    expect(indexesOf(await s.claim(0))).toEqual([])
    expect(indexesOf(await s.claim(4))).toEqual([4, 5, 6, 7])
    expect(indexesOf(await s.claim(4))).toEqual([8, 9])
    expect(await s.claim(4)).toEqual([])
  })

  test('the limit is for all jobs together', async () => {
    const s = await start()
    for (let i = 0; i < 5; i += 1) await s.submit({ tasks: 10 })
    expect(await s.claim(33)).toHaveLength(33)
    expect(await s.claim(33)).toHaveLength(17)
  })

  test('what is due first is claimed first, then what comes first in the job', async () => {
    const s = await start()
    await s.submit({ tasks: 4 })
    const claims = await s.claim(3)
    await s.commit({
      settlements: claims.map((claim, i) => ({
        claim,
        result: { type: 'snooze', runAt: s.now + (i === 1 ? 10 : 20) },
      })),
    })
    s.now += 20
    expect(indexesOf(await s.claim())).toEqual([3, 1, 0, 2])
  })

  test('a task whose time has not come is not claimed, and the store says when to come back', async () => {
    const s = await start()
    await s.submit()
    const runAt = s.now + 5_000
    await s.settle(await s.claimOne(), { type: 'retry', error: broken, runAt })
    const early = await s.commit({ claim: 10 })
    expect(early).toMatchObject({ claimed: [], wakeAt: runAt, unfinished: false })
    s.now = runAt - 1
    expect(await s.claim()).toEqual([])
    s.now = runAt
    expect(await s.claimOne()).toMatchObject({ attempt: 2, failures: 1, startedAt: runAt })
  })

  test('attempts are numbered from 1 however they end, and failures counted apart', async () => {
    const s = await start()
    await s.submit()
    const seen: [attempt: number, failures: number][] = []
    for (const result of [
      { type: 'retry', error: broken, runAt: s.now },
      { type: 'snooze', runAt: s.now },
      { type: 'release' },
      { type: 'retry', error: broken, runAt: s.now },
      succeeded,
    ] as const) {
      const claim = await s.claimOne()
      seen.push([claim.attempt, claim.failures])
      await s.settle(claim, result)
    }
    expect(seen).toEqual([
      [1, 0],
      [2, 1],
      [3, 1],
      [4, 1],
      [5, 2],
    ])
  })

  test('a job runs no more tasks at once than its concurrency', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 5, concurrency: 2 })
    const [first, second] = await s.claim()
    if (!first || !second) throw new Error('Expected two claims')
    expect(await s.claim()).toEqual([])
    const { claimed } = await s.commit({ settlements: [{ claim: second, result: succeeded }], claim: 10 })
    expect(indexesOf(claimed)).toEqual([2])
    expect((await s.job(job)).counts).toMatchObject({ running: 2, succeeded: 1, queued: 2 })
    await s.commit({ settlements: [...claimed, first].map((claim) => ({ claim, result: succeeded })) })
    expect(indexesOf(await s.claim())).toEqual([3, 4])
  })

  test('a job at its concurrency takes nothing from the others', async () => {
    const s = await start()
    await s.submit({ tasks: 100, concurrency: 1 })
    const other = await s.submit({ tasks: 100 })
    const claimed = await s.claim(50)
    expect(claimed).toHaveLength(50)
    expect(claimed.filter(({ jobId }) => jobId === other.id)).toHaveLength(49)
  })

  test('a paused job claims nothing, and goes on where it was when resumed', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 3 })
    await s.claim(1)
    await s.act('pause', job)
    expect(await s.commit({ claim: 10 })).toMatchObject({ claimed: [], wakeAt: undefined })
    await s.act('resume', job)
    expect(indexesOf(await s.claim())).toEqual([1, 2])
  })

  test('a job that stops claims nothing in the commit that stops it', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 10, mode: 'race' })
    const [claim] = await s.claim(1)
    if (!claim) throw new Error('Expected a claim')
    const { claimed } = await s.commit({ settlements: [{ claim, result: succeeded }], claim: 10 })
    expect(claimed).toEqual([])
    expect((await s.job(job)).outcome).toBe('succeeded')

    const cancelled = await s.submit({ tasks: 10 })
    const batch = { actions: [{ type: 'cancel', job: cancelled.id } as const], claim: 10 }
    expect((await s.commit(batch)).claimed).toEqual([])
  })
}
