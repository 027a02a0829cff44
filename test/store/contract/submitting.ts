import { expect, test } from 'bun:test'
import { jobIn, newJob } from '../../support/jobs.ts'
import type { Start } from '../contract.ts'
import { indexesOf, one } from '../driver.ts'

export const submitting = (start: Start) => {
  test('a job is kept as it was asked for, running, with its tasks queued in input order', async () => {
    const s = await start()
    const asked = newJob({
      name: 'enrich',
      mode: 'all',
      tolerate: '5%',
      concurrency: 7,
      priority: 9,
      labels: { team: 'growth', 'a/b': '' },
      timeoutMs: 60_000,
      tasks: [
        { key: 'user', kind: 'http', queue: 'http:a.test', input: '{"url":"http://a.test"}' },
        { kind: 'sleep', queue: 'sleep', options: '{"timeoutMs":5}' },
        { key: 'ключ 🗝', kind: 'http', queue: 'http:a.test', input: '{"url":"http://a.test/é"}' },
      ],
    })
    const submitted = one((await s.commit({ submissions: [asked] })).submitted)
    expect(submitted.type).toBe('created')
    const job = jobIn(submitted)
    expect(await s.job(asked)).toEqual(job)
    expect(job).toMatchObject({
      id: asked.id,
      name: 'enrich',
      state: 'running',
      rule: { mode: 'all', tolerate: '5%', quorum: 1 },
      outcome: undefined,
      counts: { total: 3, blocked: 0, queued: 3, running: 0, succeeded: 0, failed: 0, cancelled: 0 },
      sealed: true,
      concurrency: 7,
      priority: 9,
      labels: { team: 'growth', 'a/b': '' },
      createdAt: s.now,
      startedAt: undefined,
      finishedAt: undefined,
      deadlineAt: s.now + 60_000,
    })
    const untouched = {
      state: 'queued',
      attempt: 0,
      seq: 0,
      runAt: s.now,
      output: undefined,
      error: undefined,
    }
    expect(await s.tasks(job)).toMatchObject(
      asked.tasks.map(({ after: _, ...task }, index) => ({ index, ...task, ...untouched })),
    )
  })

  test.each([31, 32, 33, 65])('each of %d tasks is kept as it was asked for', async (count) => {
    const s = await start()
    const job = await s.submit({
      tasks: Array.from({ length: count }, (_, index) => ({
        key: index % 2 === 0 ? `task-${index}` : undefined,
        kind: index % 3 === 0 ? 'http' : 'sleep',
        queue: `queue-${index % 5}`,
        input: `{"ms":${index}}`,
        options: index % 7 === 0 ? `{"timeoutMs":${index + 1}}` : undefined,
        runAt: s.now + index,
        after: index % 11 === 10 ? [{ task: index - 1, on: 'ended' as const }] : undefined,
      })),
    })
    const tasks = await s.tasks(job)
    expect(
      tasks.map(({ key, kind, queue, input, options, runAt, state }) => [
        key,
        kind,
        queue,
        input,
        options,
        runAt,
        state,
      ]),
    ).toEqual(
      Array.from({ length: count }, (_, index) => [
        index % 2 === 0 ? `task-${index}` : undefined,
        index % 3 === 0 ? 'http' : 'sleep',
        `queue-${index % 5}`,
        `{"ms":${index}}`,
        index % 7 === 0 ? `{"timeoutMs":${index + 1}}` : undefined,
        s.now + index,
        index % 11 === 10 ? 'blocked' : 'queued',
      ]),
    )
  })

  test('a submission is told as a change of a job that was nothing before', async () => {
    const s = await start()
    const asked = newJob({ tasks: 2 })
    const { changes } = await s.commit({ submissions: [asked] })
    const { job, ...change } = one(changes)
    expect(change).toEqual({ since: 0, moved: true, deleted: false, tasks: [] })
    expect(job).toEqual(await s.job(asked))
    expect(job.seq).toBeGreaterThan(0)
  })

  test('a job may run in the commit that submits it', async () => {
    const s = await start()
    const asked = newJob({ tasks: 3 })
    const { claimed, changes } = await s.commit({ submissions: [asked], claim: 2 })
    expect(indexesOf(claimed)).toEqual([0, 1])
    expect(one(changes)).toMatchObject({ since: 0, moved: true, tasks: [{ index: 0 }, { index: 1 }] })
  })

  test('the same idempotency key and request give the same job again, as it is by then', async () => {
    const s = await start()
    const idempotency = { key: 'k', digest: 'd' }
    const job = await s.submit({ idempotency, tasks: 2 })
    await s.claim(1)
    const { submitted, changes } = await s.commit({ submissions: [newJob({ idempotency, tasks: 2 })] })
    expect(one(submitted)).toEqual({ type: 'repeated', job: await s.job(job) })
    expect(jobIn(one(submitted)).counts.running).toBe(1)
    expect(changes).toEqual([])
    expect((await s.store.jobs({ limit: 10 })).data).toHaveLength(1)
  })

  test('the same idempotency key for another request is a mismatch, and adds nothing', async () => {
    const s = await start()
    const job = await s.submit({ idempotency: { key: 'k', digest: 'one' } })
    const other = newJob({ idempotency: { key: 'k', digest: 'other' } })
    const { submitted } = await s.commit({ submissions: [other] })
    expect(one(submitted)).toEqual({ type: 'mismatch', id: job.id })
    expect(await s.store.job(other.id)).toBeUndefined()
  })

  test('in one batch the first of a key creates, and the others meet it', async () => {
    const s = await start()
    const [first, same, other, alone] = [
      newJob({ idempotency: { key: 'k', digest: 'd' } }),
      newJob({ idempotency: { key: 'k', digest: 'd' } }),
      newJob({ idempotency: { key: 'k', digest: 'e' } }),
      newJob({ idempotency: { key: 'l', digest: 'd' } }),
    ]
    const { submitted } = await s.commit({ submissions: [first, same, other, alone] })
    expect(
      submitted.map((one) => [one.type, 'job' in one ? one.job.id : 'id' in one ? one.id : undefined]),
    ).toEqual([
      ['created', first.id],
      ['repeated', first.id],
      ['mismatch', first.id],
      ['created', alone.id],
    ])
  })

  test('an idempotency key is free again once its job was deleted', async () => {
    const s = await start()
    const idempotency = { key: 'k', digest: 'd' }
    const job = await s.submit({ idempotency, tasks: 0 })
    await s.act('delete', job)
    expect((await s.submit({ idempotency, tasks: 0 })).id).not.toBe(job.id)
  })

  test.each([
    ['all', 'succeeded'],
    ['allSettled', 'succeeded'],
    ['any', 'failed'],
  ] as const)('a job of no tasks and mode %s has %s at once', async (mode, outcome) => {
    const s = await start()
    const job = await s.submit({ mode, tasks: 0 })
    expect(job).toMatchObject({ state: outcome, outcome, decidedBy: undefined, finishedAt: s.now })
    expect(job.error?.code).toBe(mode === 'any' ? 'too_few_succeeded' : undefined)
    expect(await s.job(job)).toEqual(job)
    expect(await s.tasks(job)).toEqual([])
    expect((await s.log(job)).tasks).toEqual([])
  })

  test('a quorum of more tasks than there are fails the job before any of them runs', async () => {
    const s = await start()
    const asked = newJob({ mode: 'any', quorum: 3, tasks: 2 })
    const { claimed, submitted } = await s.commit({ submissions: [asked], claim: 10 })
    expect(claimed).toEqual([])
    expect(jobIn(one(submitted))).toMatchObject({ outcome: 'failed', error: { code: 'too_few_succeeded' } })
    await s.sweep()
    expect(await s.states(asked)).toEqual(['cancelled', 'cancelled'])
    expect(await s.job(asked)).toMatchObject({ state: 'failed', finishedAt: s.now })
  })

  test('tasks of different jobs may have the same key', async () => {
    const s = await start()
    const [a, b] = [await s.submit({ tasks: [{ key: 'x' }] }), await s.submit({ tasks: [{}, { key: 'x' }] })]
    expect((await s.store.task(a, { key: 'x' }))?.index).toBe(0)
    expect((await s.store.task(b, { key: 'x' }))?.index).toBe(1)
  })
}
