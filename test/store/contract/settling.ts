import { expect, test } from 'bun:test'
import type { AttemptResult, Claim, JobRecord } from '../../../src/store/store.ts'
import type { Start } from '../contract.ts'
import { broken, type Driver, failed, one, succeeded } from '../driver.ts'

const later: Record<'retry' | 'snooze', AttemptResult> = {
  retry: { type: 'retry', error: broken, runAt: 2_000_000 },
  snooze: { type: 'snooze', runAt: 2_000_000 },
}
const cancelled: AttemptResult = { type: 'cancelled', error: { code: 'cancelled', message: 'Stopped.' } }

const ends: [type: AttemptResult['type'], result: AttemptResult, row: object, counts: object][] = [
  ['succeeded', succeeded, { state: 'succeeded', output: '{"ok":true}', error: undefined }, { succeeded: 1 }],
  ['failed', failed, { state: 'failed', output: undefined, error: JSON.stringify(broken) }, { failed: 1 }],
  ['cancelled', cancelled, { state: 'cancelled', error: JSON.stringify(cancelled.error) }, { cancelled: 1 }],
  ['retry', later.retry, { state: 'queued', runAt: 2_000_000, error: JSON.stringify(broken) }, { queued: 1 }],
  ['snooze', later.snooze, { state: 'queued', runAt: 2_000_000, error: undefined }, { queued: 1 }],
  ['release', { type: 'release' }, { state: 'queued', runAt: 1_000_100, error: undefined }, { queued: 1 }],
]

export const settling = (start: Start) => {
  const running = async (fields = {}): Promise<{ s: Driver; job: JobRecord; claim: Claim }> => {
    const s = await start()
    const job = await s.submit({ tasks: [{ key: 'k' }, {}], concurrency: 1, ...fields })
    const claim = await s.claimOne()
    s.now += 100
    return { s, job, claim }
  }

  test.each(ends)('%s moves the task and the counts, and is told', async (_, result, row, counts) => {
    const { s, job, claim } = await running()
    const before = await s.job(job)
    const { settled, changes } = await s.commit({ settlements: [{ claim, result }] })
    expect(settled).toEqual([true])

    const after = await s.job(job)
    const queued = 1 + ('queued' in counts ? 1 : 0)
    expect(after.counts).toEqual({ ...before.counts, running: 0, ...counts, queued })
    expect(after.seq).toBe(before.seq + 1)
    const task = await s.task(job)
    const ended = task.state === 'queued' ? {} : { finishedAt: s.now }
    expect(task).toMatchObject({ ...row, ...ended, attempt: 1, seq: after.seq, startedAt: claim.startedAt })

    const change = one(changes)
    expect(change).toMatchObject({ since: before.seq, moved: false, deleted: false, job: after })
    const told = one(change.tasks)
    expect(told).toEqual(one((await s.log(job)).tasks))
    expect(told).toMatchObject({ index: 0, key: 'k', attempt: 1, seq: after.seq, state: task.state })
    expect(told).toMatchObject({ output: task.output, error: task.error })
    expect(told.runAt).toBe(task.state === 'queued' ? task.runAt : undefined)
  })

  test('each failed attempt is kept with its times, and nothing but failed attempts', async () => {
    const s = await start()
    const job = await s.submit()
    const at: number[] = []
    const settle = async (result: AttemptResult) => {
      const claim = await s.claimOne()
      at.push(s.now)
      s.now += 10
      await s.settle(claim, result)
    }
    const other = { code: 'timeout', message: 'Too slow.', details: { ms: 5 } } as const
    await settle({ type: 'retry', error: broken, runAt: s.now })
    await settle({ type: 'snooze', runAt: s.now })
    await settle({ type: 'release' })
    await settle({ type: 'failed', error: other })
    const [first, , , fourth] = at.map((startedAt) => ({ startedAt, finishedAt: startedAt + 10 }))
    expect(await s.store.failures(await s.job(job), 0)).toEqual([
      { attempt: 1, ...(first as { startedAt: number; finishedAt: number }), error: JSON.stringify(broken) },
      { attempt: 4, ...(fourth as { startedAt: number; finishedAt: number }), error: JSON.stringify(other) },
    ])
  })

  test('a task shows the error of its latest attempt, if that failed', async () => {
    const s = await start()
    const job = await s.submit()
    const error = async () => (await s.task(job)).error
    await s.settle(await s.claimOne(), { type: 'retry', error: broken, runAt: s.now })
    expect(await error()).toBe(JSON.stringify(broken))
    const claim = await s.claimOne()
    expect(await error()).toBeUndefined()
    expect(one((await s.log(job)).tasks).error).toBeUndefined()
    await s.settle(claim, { type: 'snooze', runAt: s.now })
    expect(await error()).toBeUndefined()
    expect(one((await s.log(job)).tasks).error).toBeUndefined()
  })

  const stale: Record<string, (s: Driver, job: JobRecord, claim: Claim) => Promise<Claim>> = {
    'another attempt than the one that is held': async (_s, _job, claim) => ({ ...claim, attempt: 2 }),
    'an attempt that was settled before': async (s, _job, claim) => {
      await s.settle(claim, succeeded)
      return claim
    },
    'an attempt after which another began': async (s, _job, claim) => {
      await s.settle(claim, { type: 'release' })
      expect(await s.claimOne()).toMatchObject({ index: 1 })
      return claim
    },
    'an attempt of a job that was cancelled and has ended': async (s, job, claim) => {
      await s.act('cancel', job)
      await s.settle(claim, cancelled)
      await s.sweep()
      return claim
    },
    'an attempt of a job that was deleted': async (s, job, claim) => {
      await s.act('cancel', job)
      await s.settle(claim, cancelled)
      await s.sweep()
      await s.act('delete', job)
      return claim
    },
    'a task that does not exist': async (_s, _job, claim) => ({ ...claim, index: 9 }),
    'a task that is not running': async (_s, _job, claim) => ({ ...claim, index: 1 }),
    'a job that does not exist': async (_s, _job, claim) => ({ ...claim, job: claim.job + 99 }),
  }
  test.each(Object.keys(stale))('%s cannot be settled: false, and nothing changes', async (what) => {
    const { s, job, claim } = await running()
    const old = (await stale[what]?.(s, job, claim)) ?? claim
    const look = async () => [await s.store.job(job.id), await s.store.changes(job.id, 0, 100)]
    const before = await look()
    for (const [, result] of ends) {
      const { settled, changes } = await s.commit({ settlements: [{ claim: old, result }] })
      expect({ settled, changes }).toEqual({ settled: [false], changes: [] })
    }
    expect(await look()).toEqual(before)
  })

  test('of two settlements of one attempt in a batch the first counts', async () => {
    const { s, job, claim } = await running()
    const settlements = [failed, succeeded].map((result) => ({ claim, result }))
    expect((await s.commit({ settlements })).settled).toEqual([true, false])
    expect(await s.task(job)).toMatchObject({ state: 'failed', output: undefined })
  })

  test('a task that wants to run again after its job was cancelled is cancelled instead', async () => {
    for (const result of [later.retry, later.snooze, { type: 'release' } as const]) {
      const { s, job, claim } = await running()
      await s.act('cancel', job)
      expect(await s.settle(claim, result)).toBe(true)
      await s.sweep()
      expect(await s.states(job)).toEqual(['cancelled', 'cancelled'])
      expect((await s.job(job)).state).toBe('cancelled')
      expect(await s.store.failures(job, 0)).toHaveLength(result === later.retry ? 1 : 0)
    }
  })

  test('a task that ends after its job was cancelled keeps its end', async () => {
    const { s, job, claim } = await running()
    await s.act('cancel', job)
    expect(await s.settle(claim, succeeded)).toBe(true)
    expect(await s.job(job)).toMatchObject({ state: 'cancelled', counts: { succeeded: 1, cancelled: 1 } })
  })

  test('text comes back as it went in', async () => {
    const { s, job, claim } = await running()
    const output = JSON.stringify({ text: 'é 🗝 \u0000 \u2028 " \\ \ud800', long: 'x'.repeat(100_000) })
    await s.settle(claim, { type: 'succeeded', output })
    expect((await s.task(job)).output).toBe(output)
  })
}
