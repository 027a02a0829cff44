import { expect, test } from 'bun:test'
import { newJob } from '../../support/jobs.ts'
import type { Start } from '../contract.ts'
import { type Driver, failed, succeeded } from '../driver.ts'

/** All that a store says of its jobs. */
const everything = async (s: Driver) => {
  const jobs = (await s.store.jobs({ limit: 100 })).data
  return Promise.all(jobs.map(async (job) => ({ log: await s.log(job), tasks: await s.tasks(job) })))
}

export const rollingBack = (start: Start) => {
  test('a commit that fails leaves everything as it was, and the next one works', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 4, concurrency: 2 })
    const [a, b] = await s.claim()
    if (!a || !b) throw new Error('Expected two claims')
    const paused = await s.submit({ tasks: 2 })
    const ended = await s.submit({ tasks: 0 })
    const late = await s.submit({ tasks: 2, timeoutMs: 10 })
    const before = await everything(s)

    s.now += 20
    const good = newJob({ idempotency: { key: 'k', digest: 'd' }, tasks: [{ queue: 'never seen before' }] })
    // An id exists once: whatever the dialect, the database refuses this one, after the rest was done.
    const bad = newJob({ id: job.id })
    const batch = {
      submissions: [good],
      settlements: [
        { claim: a, result: succeeded },
        { claim: b, result: failed },
      ],
      actions: [
        { type: 'pause', job: paused.id },
        { type: 'delete', job: ended.id },
      ],
      claim: 10,
    } as const
    await expect(s.commit({ ...batch, submissions: [good, bad] })).rejects.toThrow()
    expect(await everything(s)).toEqual(before)

    const { submitted, settled, acted, claimed } = await s.commit(batch)
    expect(submitted).toMatchObject([{ type: 'created', job: { id: good.id } }])
    expect(settled).toEqual([true, true])
    expect(acted).toMatchObject([{ type: 'done' }, { type: 'done' }])
    expect(claimed.map(({ jobId }) => jobId).toSorted()).toEqual([job.id, job.id, good.id].toSorted())
    expect((await s.job(late)).outcome).toBe('failed')
    expect((await s.tasks(good))[0]?.queue).toBe('never seen before')
  })

  test('so does one that fails at the second of two ends of a job', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 2 })
    const [a, b] = await s.claim()
    if (!a || !b) throw new Error('Expected two claims')
    const before = await everything(s)
    // What no kind gives: there is no output to write.
    const bad = { claim: b, result: { type: 'succeeded', output: undefined as never } } as const
    await expect(s.commit({ settlements: [{ claim: a, result: succeeded }, bad] })).rejects.toThrow()
    expect(await everything(s)).toEqual(before)
    await s.commit({ settlements: [a, b].map((claim) => ({ claim, result: succeeded })) })
    expect(await s.job(job)).toMatchObject({ state: 'succeeded', counts: { running: 0, succeeded: 2 } })
  })

  test('what a commit told of a job stays as it was when the next one changes it', async () => {
    const s = await start()
    await s.submit({ tasks: 2 })
    const { claimed, changes } = await s.commit({ claim: 2 })
    const told = structuredClone(changes)
    await s.commit({ settlements: claimed.map((claim) => ({ claim, result: succeeded })) })
    expect(changes).toEqual(told)
  })

  test('a key twice in one job is refused, and the job with it', async () => {
    const s = await start()
    const bad = newJob({ tasks: [{ key: 'k' }, { key: 'k' }] })
    await expect(s.commit({ submissions: [bad] })).rejects.toThrow()
    expect(await s.store.job(bad.id)).toBeUndefined()
    expect(await s.claim()).toEqual([])
  })
}
