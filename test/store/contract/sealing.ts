import { expect, test } from 'bun:test'
import { jobIn } from '../../support/jobs.ts'
import { add, additionOf, endAll, idempotency, open, seal, sealTimeoutMs } from '../additions.ts'
import type { Start } from '../contract.ts'
import { one, succeeded } from '../driver.ts'

export const sealing = (start: Start) => {
  test('a job that was submitted sealed, or was sealed since, takes no more', async () => {
    const s = await start()
    const sealed = await s.submit({ tasks: 1 })
    expect((await add(s, sealed, 1)).type).toBe('sealed')
    const job = await s.submit({ ...open, tasks: 1 })
    await seal(s, job)
    expect((await add(s, job, 1)).type).toBe('sealed')
    expect((await s.job(job)).counts.total).toBe(1)
  })

  test('to seal again changes nothing, and leaves nothing to be done', async () => {
    const s = await start()
    const job = await s.submit({ ...open, tasks: 1 })
    expect(await seal(s, job)).toMatchObject({ type: 'added', job: { sealed: true } })
    const before = await s.job(job)
    const { added, changes, wakeAt } = await s.commit({ additions: [additionOf(job, 0, { seal: true })] })
    expect(one(added)).toEqual({ type: 'added', job: before })
    expect(changes).toEqual([])
    expect(wakeAt === undefined || wakeAt <= s.now).toBe(true)
    s.now += sealTimeoutMs
    expect(await s.commit()).toMatchObject({ changes: [], unfinished: false })
    expect(await s.job(job)).toEqual(before)
  })

  test('a job that is decided takes no more, but can be sealed', async () => {
    const s = await start()
    const stopping = await s.submit({ ...open, mode: 'race', tasks: 2 })
    const [first] = await s.claim()
    if (!first) throw new Error('Expected a claim')
    await s.settle(first, succeeded)
    expect((await add(s, stopping, 1)).type).toBe('decided')
    const cancelled = await s.submit({ ...open, tasks: 1 })
    await s.act('cancel', cancelled)
    await s.sweep()
    expect((await s.job(cancelled)).state).toBe('cancelled')
    expect((await add(s, cancelled, 1)).type).toBe('decided')
    expect(await seal(s, cancelled)).toMatchObject({
      type: 'added',
      job: { state: 'cancelled', sealed: true },
    })
    s.now += sealTimeoutMs
    expect((await s.commit()).unfinished).toBe(false)
  })

  test('a job that is taken up again unsealed takes more, and is sealed when its time has come', async () => {
    const s = await start()
    const job = await s.submit({ ...open, tasks: 1 })
    await s.act('cancel', job)
    await s.sweep()
    s.now += 10 * sealTimeoutMs
    await s.act('retry', job)
    expect((await add(s, job, 1)).type).toBe('added')
    await s.runAll()
    expect(await s.job(job)).toMatchObject({ state: 'running', sealed: false, counts: { succeeded: 2 } })
    s.now += sealTimeoutMs
    await s.commit()
    expect(await s.job(job)).toMatchObject({ state: 'succeeded', sealed: true })
  })

  test('an unsealed job is sealed when nothing was added for so long, and each addition renews that', async () => {
    const s = await start()
    const job = await s.submit({ ...open, tasks: 0 })
    expect((await s.commit()).wakeAt).toBe(s.now + sealTimeoutMs)
    s.now += sealTimeoutMs - 1
    await add(s, job, 1)
    await s.runAll()
    s.now += sealTimeoutMs - 1
    expect((await s.commit({ additions: [additionOf(job, 0)] })).wakeAt).toBe(s.now + sealTimeoutMs)
    s.now += sealTimeoutMs - 1
    await s.commit()
    expect((await s.job(job)).sealed).toBe(false)
    s.now += 1
    const { changes } = await s.commit()
    expect(one(changes)).toMatchObject({ moved: true, job: { sealed: true } })
    expect(await s.job(job)).toMatchObject({ state: 'succeeded', finishedAt: s.now })
  })

  test('a commit that adds in the moment when the time is over is not too late', async () => {
    const s = await start()
    const job = await s.submit({ ...open, tasks: 0 })
    s.now += sealTimeoutMs
    expect((await add(s, job, 1)).type).toBe('added')
    expect((await s.job(job)).sealed).toBe(false)
  })

  test('of no tasks, sealing decides as submitting would have; a race that nobody entered fails', async () => {
    const s = await start()
    for (const [mode, outcome] of [
      ['all', 'succeeded'],
      ['allSettled', 'succeeded'],
      ['any', 'failed'],
      ['race', 'failed'],
    ] as const) {
      const job = await s.submit({ ...open, mode, tasks: 0 })
      expect(await s.job(job)).toMatchObject({ state: 'running', outcome: undefined })
      await seal(s, job)
      expect(await s.job(job)).toMatchObject({ state: outcome, finishedAt: s.now })
      expect((await s.job(job)).error?.code).toBe(outcome === 'failed' ? 'too_few_succeeded' : undefined)
    }
  })

  test('all and allSettled stay open while more may come, and end with the seal', async () => {
    const s = await start()
    for (const mode of ['all', 'allSettled'] as const) {
      const job = await s.submit({ ...open, mode, tasks: 2 })
      await s.runAll()
      expect(await s.job(job)).toMatchObject({ state: 'running', counts: { succeeded: 2 } })
      await seal(s, job)
      expect(await s.job(job)).toMatchObject({ state: 'succeeded', finishedAt: s.now })
    }
  })

  test('all fails at a failure too many; a share of the tasks is known when it is sealed', async () => {
    const s = await start()
    const strict = await s.submit({ ...open, mode: 'all', tasks: 1 })
    await endAll(s, { 0: 'fail' })
    expect((await s.job(strict)).outcome).toBe('failed')
    const job = await s.submit({ ...open, mode: 'all', tolerate: '50%', tasks: 1 })
    await endAll(s, { 0: 'fail' })
    expect((await s.job(job)).outcome).toBeUndefined()
    await add(s, job, 1)
    await endAll(s)
    await seal(s, job)
    expect(await s.job(job)).toMatchObject({ state: 'succeeded' })
  })

  test('any succeeds with its quorum at once, and fails only when no more can come', async () => {
    const s = await start()
    const job = await s.submit({ ...open, mode: 'any', quorum: 2, tasks: 1 })
    await endAll(s)
    expect((await s.job(job)).outcome).toBeUndefined()
    await add(s, job, 1)
    await endAll(s)
    expect((await s.job(job)).outcome).toBe('succeeded')
    const hopeless = await s.submit({ ...open, mode: 'any', quorum: 2, tasks: 1 })
    await endAll(s, { 0: 'fail' })
    expect((await s.job(hopeless)).outcome).toBeUndefined()
    await seal(s, hopeless)
    expect(await s.job(hopeless)).toMatchObject({ state: 'failed', error: { code: 'too_few_succeeded' } })
  })

  test('race is decided by the first end, sealed or not', async () => {
    const s = await start()
    const job = await s.submit({ ...open, mode: 'race', tasks: 0 })
    await add(s, job, 1)
    await endAll(s)
    expect(await s.job(job)).toMatchObject({ outcome: 'succeeded', decidedBy: 0 })
  })

  test('a request that still comes in is pending; what is added last says what it was', async () => {
    const s = await start()
    const job = await s.submit({ ...open, idempotency, tasks: 1 })
    expect(await s.offer({ idempotency: { key: 'k', digest: 'd' } })).toEqual({ type: 'pending', id: job.id })
    expect(await s.offer({ idempotency })).toEqual({ type: 'pending', id: job.id })
    await add(s, job, 1)
    await add(s, job, 1, { seal: true, digest: 'd' })
    const again = await s.offer({ idempotency: { key: 'k', digest: 'd' } })
    expect(again.type).toBe('repeated')
    expect(jobIn(again)).toMatchObject({ id: job.id, counts: { total: 3 } })
    expect(await s.offer({ idempotency: { key: 'k', digest: 'e' } })).toEqual({
      type: 'mismatch',
      id: job.id,
    })
    expect(await s.offer({ idempotency })).toEqual({ type: 'pending', id: job.id })
  })

  test('a request that has come in is known by its digest, though the job stays open or its time was over', async () => {
    const s = await start()
    const stays = await s.submit({ ...open, idempotency, tasks: 1 })
    await add(s, stays, 1, { digest: 'd' })
    expect((await s.offer({ idempotency: { key: 'k', digest: 'd' } })).type).toBe('repeated')
    const late = await s.submit({ ...open, idempotency: { key: 'l', digest: undefined }, tasks: 1 })
    s.now += sealTimeoutMs
    await s.commit()
    expect((await s.job(late)).sealed).toBe(true)
    expect((await s.offer({ idempotency: { key: 'l', digest: 'd' } })).type).toBe('pending')
    await add(s, late, 0, { seal: true, digest: 'd' })
    expect((await s.offer({ idempotency: { key: 'l', digest: 'd' } })).type).toBe('repeated')
  })

  test('a key that another request has by now is left to it', async () => {
    const s = await start()
    const slow = await s.submit({ ...open, idempotency: { ...idempotency, forMs: 10 }, tasks: 1 })
    s.now += 10
    const next = await s.submit({ idempotency: { key: 'k', digest: 'next' } })
    await add(s, slow, 0, { seal: true, digest: 'slow' })
    expect(jobIn(await s.offer({ idempotency: { key: 'k', digest: 'next' } })).id).toBe(next.id)
  })
}
