import { expect, test } from 'bun:test'
import { newJob } from '../../support/jobs.ts'
import type { Start } from '../contract.ts'
import { type Driver, one } from '../driver.ts'

const day = 86_400_000

/** What a submission of that key comes to. */
const again = async (s: Driver, digest: string | undefined = 'd') =>
  one((await s.commit({ submissions: [newJob({ idempotency: { key: 'k', digest } })] })).submitted)

/** Idempotency keys. */
export const remembering = (start: Start) => {
  test('a key lives for a day unless it says otherwise, and then makes a new job', async () => {
    const s = await start()
    const job = await s.submit({ idempotency: { key: 'k', digest: 'd' } })
    s.now += day - 1
    expect(await again(s)).toMatchObject({ type: 'repeated', job: { id: job.id } })
    s.now += 1
    expect(await again(s)).toMatchObject({ type: 'created' })
    expect((await s.store.jobs({ limit: 10 })).data).toHaveLength(2)
  })

  test('a key lives for as long as it says', async () => {
    const s = await start()
    await s.submit({ idempotency: { key: 'k', digest: 'd', forMs: 1_000 } })
    s.now += 1_000
    expect(await again(s, 'another')).toMatchObject({ type: 'created' })
  })

  test('a key outlives a job that was kept for less: the request that comes again makes no other', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 0, keepMs: 10, idempotency: { key: 'k', digest: 'd' } })
    s.now += 10
    await s.sweep()
    expect(await s.store.job(job.id)).toBeUndefined()
    expect(await again(s)).toEqual({ type: 'gone', id: job.id })
    expect(await again(s, 'another')).toEqual({ type: 'mismatch', id: job.id })
  })

  test('to delete a job frees its key, and not the one that another has by now', async () => {
    const s = await start()
    const first = await s.submit({ tasks: 0, idempotency: { key: 'k', digest: 'd', forMs: 10 } })
    s.now += 10
    const second = await s.submit({ tasks: 0, idempotency: { key: 'k', digest: 'd' } })
    await s.act('delete', first)
    expect(await again(s)).toMatchObject({ type: 'repeated', job: { id: second.id } })
    await s.act('delete', second)
    expect(await again(s)).toMatchObject({ type: 'created' })
  })

  test('a key survives a restart', async () => {
    const s = await start()
    const job = await s.submit({ idempotency: { key: 'k', digest: 'd' } })
    await s.reopen()
    expect(await again(s)).toMatchObject({ type: 'repeated', job: { id: job.id } })
  })

  test('while its request still comes in, a key stands for no other, whatever that says', async () => {
    const s = await start()
    const job = await s.submit({ sealTimeoutMs: 1_000, idempotency: { key: 'k', digest: undefined } })
    expect(await again(s)).toEqual({ type: 'pending', id: job.id })
    expect(await again(s, undefined)).toEqual({ type: 'pending', id: job.id })
    const addition = { job: job.id, from: 1, tasks: [], seal: true, digest: 'd' }
    await s.commit({ additions: [addition] })
    expect(await again(s)).toMatchObject({ type: 'repeated', job: { id: job.id } })
    expect(await again(s, 'another')).toEqual({ type: 'mismatch', id: job.id })
  })

  test('keys whose time is over are forgotten, a bounded number in each commit', async () => {
    const s = await start()
    const submissions = Array.from({ length: 1_200 }, (_, i) =>
      newJob({ tasks: 0, idempotency: { key: `k${i}`, digest: 'd' } }),
    )
    await s.commit({ submissions })
    s.now += day
    expect(await s.sweep()).toBeGreaterThan(2)
  })
}
