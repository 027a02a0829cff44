import { expect, test } from 'bun:test'
import { newJob } from '../../support/jobs.ts'
import { add, additionOf, after, endAll, open, seal } from '../additions.ts'
import type { Start } from '../contract.ts'
import { broken, expectLogMatchesRows, failed, indexesOf, inQueue, one, succeeded } from '../driver.ts'

export const adding = (start: Start) => {
  test('a job that is not sealed takes more tasks, at the end, and runs them like its first', async () => {
    const s = await start()
    const job = await s.submit({ ...open, tasks: [{ key: 'a' }, {}] })
    expect(job).toMatchObject({ sealed: false, state: 'running' })
    await endAll(s)
    expect(await s.job(job)).toMatchObject({ state: 'running', outcome: undefined })
    const added = await add(s, job, [{ key: 'b', input: '{"ms":7}', options: '{"timeoutMs":5}' }, {}])
    expect(added).toEqual({ type: 'added', job: await s.job(job) })
    expect(await s.job(job)).toMatchObject({ counts: { total: 4, queued: 2, succeeded: 2 }, sealed: false })
    expect(await s.task(job, 2)).toMatchObject({ key: 'b', input: '{"ms":7}', state: 'queued', runAt: s.now })
    expect((await s.store.task(job, { key: 'b' }))?.index).toBe(2)
    expect(indexesOf(await s.claim())).toEqual([2, 3])
  })

  test('an addition raises the seq, and is told as a change of the job', async () => {
    const s = await start()
    const before = await s.submit({ ...open, tasks: 1 })
    const { changes } = await s.commit({ additions: [additionOf(before, 2)] })
    const job = await s.job(before)
    expect(one(changes)).toEqual({ job, since: before.seq, moved: true, deleted: false, tasks: [] })
    expect(job.seq).toBeGreaterThan(before.seq)
    expectLogMatchesRows((await s.log(job)).tasks, await s.tasks(job))
  })

  test('what is added can run in the commit that adds it, and that submits its job', async () => {
    const s = await start()
    const asked = newJob({ ...open, tasks: 0 })
    const { added, claimed } = await s.commit({
      submissions: [asked],
      additions: [additionOf(asked, 1), additionOf(asked, 2, { seal: true })],
      claim: 10,
    })
    expect(added.map(({ type }) => type)).toEqual(['added', 'added'])
    expect(indexesOf(claimed)).toEqual([0, 1, 2])
    await s.commit({ settlements: claimed.map((claim) => ({ claim, result: succeeded })) })
    expect(await s.job(asked)).toMatchObject({ state: 'succeeded', counts: { succeeded: 3 } })
  })

  test('additions outlive a restart', async () => {
    const s = await start()
    const job = await s.submit({ ...open, tasks: 1 })
    await add(s, job, [{ key: 'x' }])
    await s.reopen()
    await add(s, job, [after(1)], { seal: true })
    await s.runAll()
    expect(await s.states(job)).toEqual(['succeeded', 'succeeded', 'succeeded'])
    expect(await s.job(job)).toMatchObject({ state: 'succeeded', sealed: true })
  })

  test('what later tasks are made with is kept with the job', async () => {
    const s = await start()
    const defaults = { retry: { attempts: 2 }, queue: 'mine', each: { kind: 'sleep', key: '{{item}}' } }
    const job = await s.submit({ ...open, defaults, tasks: 0 })
    await s.reopen()
    expect((await s.job(job)).defaults).toEqual(defaults)
  })

  test('a key that a task of the job has refuses the whole addition', async () => {
    const s = await start()
    const job = await s.submit({ ...open, tasks: [{ key: 'a' }] })
    const before = await s.job(job)
    expect(await add(s, job, [{ key: 'b' }, {}, { key: 'a' }, {}], { seal: true })).toMatchObject({
      type: 'taken',
      position: 2,
    })
    expect(await s.job(job)).toEqual(before)
    expect(await s.store.task(job, { key: 'b' })).toBeUndefined()
    expect((await add(s, job, [{ key: 'b' }])).type).toBe('added')
    const other = await s.submit({ ...open, tasks: [{ key: 'b' }] })
    expect((await add(s, other, [{ key: 'a' }])).type).toBe('added')
  })

  test('with `from`, an addition that was made before is not made again', async () => {
    const s = await start()
    const job = await s.submit({ ...open, tasks: 2 })
    const first = additionOf(job, 3, { from: 2 })
    const { added } = await s.commit({ additions: [first, first, additionOf(job, 1, { from: 5 })] })
    expect(added.map(({ type }) => type)).toEqual(['added', 'elsewhere', 'added'])
    expect((await s.job(job)).counts.total).toBe(6)
    expect(await add(s, job, 1, { from: 7 })).toMatchObject({
      type: 'elsewhere',
      job: { counts: { total: 6 } },
    })
    expect((await add(s, job, 1)).type).toBe('added')
  })

  test('without a job there is nothing to add to', async () => {
    const s = await start()
    expect(await add(s, newJob(), 1)).toEqual({ type: 'missing' })
  })

  test('a paused job takes more, and runs them once it is resumed', async () => {
    const s = await start()
    const job = await s.submit({ ...open, tasks: 1 })
    await s.act('pause', job)
    expect((await add(s, job, 1, { seal: true })).type).toBe('added')
    expect(await s.claim()).toEqual([])
    await s.act('resume', job)
    await s.runAll()
    expect(await s.job(job)).toMatchObject({ state: 'succeeded', counts: { succeeded: 2 } })
  })

  test('a scheduled job takes more, which run no sooner than it starts', async () => {
    const s = await start()
    const startAt = s.now + 1_000
    const job = await s.submit({ ...open, runAt: startAt, tasks: 1 })
    await add(s, job, [{}, { runAt: startAt + 500 }], { seal: true })
    expect(await s.job(job)).toMatchObject({ state: 'scheduled', counts: { total: 3 } })
    expect(await s.claim()).toEqual([])
    s.now = startAt
    expect(indexesOf(await s.claim())).toEqual([0, 1])
    s.now += 500
    expect(indexesOf(await s.claim())).toEqual([2])
  })

  test('a task that comes after ones that have ended runs at once, waits, or is cancelled, as they ended', async () => {
    const s = await start()
    const job = await s.submit({ ...open, tasks: 3 })
    const claims = await s.claim(2)
    await s.commit({
      settlements: claims.map((claim) => ({ claim, result: claim.index === 0 ? succeeded : failed })),
    })
    await add(s, job, [
      after(0),
      after(1),
      after(1, 'ended'),
      after(2),
      {
        after: [
          { task: 0, on: 'succeeded' },
          { task: 2, on: 'ended' },
        ],
      },
      {
        after: [
          { task: 2, on: 'succeeded' },
          { task: 1, on: 'succeeded' },
        ],
      },
    ])
    expect((await s.states(job)).slice(3)).toEqual([
      'queued',
      'cancelled',
      'queued',
      'blocked',
      'blocked',
      'cancelled',
    ])
    expect(JSON.parse((await s.task(job, 4)).error ?? '')).toMatchObject({
      code: 'dependency_failed',
      details: { task: 1 },
    })
    expectLogMatchesRows((await s.log(job)).tasks, await s.tasks(job))
    await seal(s, job)
    await s.runAll()
    expect((await s.states(job)).slice(3)).toEqual([
      'succeeded',
      'cancelled',
      'succeeded',
      'succeeded',
      'succeeded',
      'cancelled',
    ])
    expect(await s.job(job)).toMatchObject({ state: 'succeeded' })
  })

  test('a chain within one addition is cancelled as far as it needs what failed', async () => {
    const s = await start()
    const job = await s.submit({ ...open, tasks: 1 })
    await endAll(s, { 0: 'fail' })
    await add(s, job, [after(0), after(1), after(2, 'ended'), after(3), after(1, 'ended')])
    expect(await s.states(job)).toEqual(['failed', 'cancelled', 'cancelled', 'queued', 'blocked', 'queued'])
    expect(JSON.parse((await s.task(job, 2)).error ?? '')).toMatchObject({ details: { task: 1 } })
    expect((await s.job(job)).counts).toMatchObject({
      total: 6,
      failed: 1,
      cancelled: 2,
      queued: 2,
      blocked: 1,
    })
    await seal(s, job)
    await s.runAll()
    expect(await s.job(job)).toMatchObject({ state: 'succeeded', counts: { succeeded: 3 } })
  })

  test('a chain over several additions runs in its order', async () => {
    const s = await start()
    const job = await s.submit({ ...open, tasks: [{ key: 'a' }] })
    await add(s, job, [after(0)])
    await add(s, job, [after(1), after(0)], { seal: true })
    for (const due of [[0], [1, 3], [2]]) {
      const claims = await s.claim()
      expect(indexesOf(claims)).toEqual(due)
      await s.commit({ settlements: claims.map((claim) => ({ claim, result: succeeded })) })
    }
    expect((await s.job(job)).state).toBe('succeeded')
  })

  test('a dependency that failed may decide the job as it is added', async () => {
    const s = await start()
    const job = await s.submit({ ...open, mode: 'all', tolerate: 1, tasks: 1 })
    await endAll(s, { 0: 'fail' })
    expect((await s.job(job)).outcome).toBeUndefined()
    expect((await add(s, job, [{}, after(0), after(0)])).type).toBe('added')
    await s.sweep()
    expect(await s.job(job)).toMatchObject({ state: 'failed', error: { code: 'task_failed' } })
    expect(await s.states(job)).toEqual(['failed', 'cancelled', 'cancelled', 'cancelled'])
  })

  test('what waits is counted, of each queue and in all', async () => {
    const s = await start()
    const job = await s.submit({ ...open, tasks: inQueue('a', 1) })
    await add(s, job, [...inQueue('a', 2), ...inQueue('b', 1), { queue: 'b', ...after(0) }])
    expect(await s.queues()).toEqual([
      { name: 'a', queued: 3, blocked: 0 },
      { name: 'b', queued: 1, blocked: 1 },
    ])
    const most = async (count: number) =>
      one((await s.commit({ additions: [additionOf(job, count)], mostWaiting: 6 })).added)
    expect(await most(2)).toEqual({ type: 'full', of: 'server', waiting: 5, most: 6 })
    expect((await s.job(job)).counts.total).toBe(5)
    expect((await most(1)).type).toBe('added')
    expect((await most(0)).type).toBe('added')
    await s.runAll()
    expect(await s.queues()).toEqual([])
  })

  test('what waits is counted of its owner, whoever adds it', async () => {
    const s = await start()
    const owner = { id: 'ada', mostWaiting: 3 }
    const job = await s.submit({ ...open, owner, tasks: 2 })
    await s.submit({ owner: { id: 'bob', mostWaiting: 3 }, tasks: 3 })
    expect(await add(s, job, 2, { mostWaiting: 3 })).toEqual({
      type: 'full',
      of: 'owner',
      waiting: 2,
      most: 3,
    })
    expect((await add(s, job, 1, { mostWaiting: 3 })).type).toBe('added')
    expect((await s.offer({ owner, tasks: 1 })).type).toBe('full')
    const nobodys = await s.submit({ ...open, tasks: 3 })
    expect((await add(s, nobodys, 5, { mostWaiting: 3 })).type).toBe('added')
  })

  test('a queue at its limit holds back what is added, too', async () => {
    const s = await start()
    const job = await s.submit({ ...open, concurrency: 1, tasks: 1 })
    await add(s, job, 2, { seal: true })
    const first = await s.claimOne()
    expect(await s.claim()).toEqual([])
    await s.settle(first, { type: 'failed', error: broken })
    expect(await s.claim()).toHaveLength(1)
  })
}
