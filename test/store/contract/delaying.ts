import { expect, test } from 'bun:test'
import type { JobState } from '../../../src/job/state.ts'
import type { Acted, Action } from '../../../src/store/store.ts'
import { newJob } from '../../support/jobs.ts'
import type { Start } from '../contract.ts'
import { failed, indexesOf, one, succeeded } from '../driver.ts'

const after = (task: number) => ({ after: [{ task, on: 'succeeded' as const }] })

export const delaying = (start: Start) => {
  test('a task is not claimed before its time, and the store says when that is', async () => {
    const s = await start()
    const runAt = s.now + 1_000
    const job = await s.submit({ tasks: [{ runAt }, {}, { runAt: runAt + 500 }] })
    expect(await s.task(job)).toMatchObject({ state: 'queued', runAt })
    const { claimed, wakeAt } = await s.commit({ claim: 10 })
    expect(indexesOf(claimed)).toEqual([1])
    expect(wakeAt).toBe(runAt)
    s.now = runAt - 1
    expect(await s.claim()).toEqual([])
    s.now = runAt
    expect(await s.commit({ claim: 10 })).toMatchObject({ claimed: [{ index: 0 }], wakeAt: runAt + 500 })
    s.now = runAt + 500
    expect(await s.claimOne()).toMatchObject({ index: 2, startedAt: s.now })
  })

  test('a time that is over means at once', async () => {
    const s = await start()
    const job = await s.submit({ runAt: s.now, tasks: [{ runAt: s.now - 1 }, {}, { runAt: s.now }] })
    expect(job).toMatchObject({ state: 'running', runAt: undefined })
    expect(await s.tasks(job)).toMatchObject([{ runAt: s.now }, { runAt: s.now }, { runAt: s.now }])
    expect(indexesOf(await s.claim())).toEqual([0, 1, 2])
  })

  test('what is due first is claimed first, whatever its place in the job', async () => {
    const s = await start()
    const times = [30, 10, 20, 10]
    await s.submit({ tasks: times.map((delay) => ({ runAt: s.now + delay })) })
    s.now += 30
    expect(indexesOf(await s.claim(3))).toEqual([1, 3, 2])
    expect(indexesOf(await s.claim())).toEqual([0])
  })

  test('the store says when the next queue of a job has something due', async () => {
    const s = await start()
    await s.submit({
      tasks: [
        { queue: 'a', runAt: s.now + 30 },
        { queue: 'b', runAt: s.now + 20 },
        { queue: 'b', runAt: s.now + 40 },
      ],
    })
    const moments = []
    for (let { wakeAt } = await s.commit(); wakeAt !== undefined; ) {
      moments.push(wakeAt - 1_000_000)
      s.now = wakeAt
      const committed = await s.commit({ claim: 10 })
      expect(committed.claimed).toHaveLength(1)
      wakeAt = committed.wakeAt
    }
    expect(moments).toEqual([20, 30, 40])
  })

  test('a blocked task that is freed before its time waits for it', async () => {
    const s = await start()
    const runAt = s.now + 1_000
    const job = await s.submit({ tasks: [{}, { runAt, ...after(0) }] })
    s.now += 10
    const [claim] = await s.claim()
    if (!claim) throw new Error('Expected a claim')
    const { claimed, wakeAt, changes } = await s.commit({
      settlements: [{ claim, result: succeeded }],
      claim: 10,
    })
    expect({ claimed, wakeAt }).toEqual({ claimed: [], wakeAt: runAt })
    expect(one(changes).tasks).toMatchObject([{ index: 0 }, { index: 1, state: 'queued', runAt }])
    expect(await s.task(job, 1)).toMatchObject({ state: 'queued', runAt })
    s.now = runAt
    expect(await s.claimOne()).toMatchObject({ index: 1 })
  })

  test('a blocked task that is freed after its time runs at once', async () => {
    const s = await start()
    const job = await s.submit({ tasks: [{}, { runAt: s.now + 1_000, ...after(0) }] })
    const claim = await s.claimOne()
    s.now += 2_000
    expect((await s.commit()).wakeAt).toBeUndefined()
    const { claimed } = await s.commit({ settlements: [{ claim, result: succeeded }], claim: 10 })
    expect(indexesOf(claimed)).toEqual([1])
    expect(await s.task(job, 1)).toMatchObject({ runAt: s.now, startedAt: s.now })
  })

  test('a delayed task is freed and cancelled like any other', async () => {
    const s = await start()
    const runAt = s.now + 1_000
    const job = await s.submit({ tasks: [{}, { runAt, ...after(0) }, { runAt }], mode: 'all' })
    await s.settle(await s.claimOne(), failed)
    await s.sweep()
    expect(await s.states(job)).toEqual(['failed', 'cancelled', 'cancelled'])
    expect((await s.commit()).wakeAt).toBeUndefined()
  })

  test('a scheduled job starts at its time, and claims in the same commit', async () => {
    const s = await start()
    const runAt = s.now + 5_000
    const asked = newJob({ runAt, tasks: [{}, { runAt: runAt - 1 }, { runAt: runAt + 1 }, after(0)] })
    const { submitted, claimed, wakeAt, changes } = await s.commit({ submissions: [asked], claim: 10 })
    expect(submitted).toMatchObject([{ type: 'created', job: { state: 'scheduled', runAt } }])
    expect({ claimed, wakeAt }).toEqual({ claimed: [], wakeAt: runAt })
    expect(one(changes)).toMatchObject({ since: 0, moved: true, job: { state: 'scheduled' } })
    expect((await s.tasks(asked)).map((task) => task.runAt)).toEqual([runAt, runAt, runAt + 1, runAt])
    expect((await s.store.jobs({ state: 'scheduled', limit: 10 })).data).toMatchObject([{ id: asked.id }])

    s.now = runAt - 1
    expect(await s.commit({ claim: 10 })).toMatchObject({ claimed: [], changes: [] })
    s.now = runAt
    const { seq } = await s.job(asked)
    const started = await s.commit({ claim: 10 })
    expect(indexesOf(started.claimed)).toEqual([0, 1])
    expect(one(started.changes)).toMatchObject({ since: seq, moved: true, job: { state: 'running' } })
    expect(await s.job(asked)).toMatchObject({
      state: 'running',
      runAt: undefined,
      createdAt: 1_000_000,
      startedAt: runAt,
    })
    expect(started.wakeAt).toBe(runAt + 1)
  })

  test('a scheduled job starts though nothing of it can be claimed', async () => {
    const s = await start()
    const job = await s.submit({ runAt: s.now + 1_000 })
    s.now += 1_000
    expect(one((await s.commit()).changes)).toMatchObject({ moved: true, job: { state: 'running' } })
    expect(await s.job(job)).toMatchObject({ state: 'running', startedAt: undefined })
    expect(await s.claim()).toHaveLength(1)
  })

  test('many jobs that are due at once all start', async () => {
    const s = await start()
    const runAt = s.now + 1_000
    await s.commit({ submissions: Array.from({ length: 2_500 }, () => newJob({ runAt })) })
    s.now = runAt
    let claimed = 0
    for (let commits = 0; commits < 5; commits += 1) claimed += (await s.claim()).length
    expect(claimed).toBe(2_500)
    expect(await s.commit()).toMatchObject({ unfinished: false, wakeAt: undefined })
  })

  test('a commit that leaves something that is due to the next says so', async () => {
    const s = await start()
    const runAt = s.now + 1_000
    await s.commit({ submissions: Array.from({ length: 2_500 }, () => newJob({ runAt })) })
    s.now = runAt
    let claimed = 0
    for (let again = true; again; ) {
      const {
        claimed: some,
        unfinished,
        wakeAt = Number.POSITIVE_INFINITY,
      } = await s.commit({ claim: 10_000 })
      claimed += some.length
      again = unfinished || wakeAt <= s.now
    }
    expect(claimed).toBe(2_500)
  })

  const actions: [Action['type'], type: Acted['type'], state: JobState][] = [
    ['cancel', 'done', 'cancelled'],
    ['pause', 'refused', 'scheduled'],
    ['resume', 'refused', 'scheduled'],
    ['retry', 'refused', 'scheduled'],
    ['delete', 'refused', 'scheduled'],
  ]
  test.each(actions)('%s of a scheduled job: %s', async (action, type, state) => {
    const s = await start()
    const job = await s.submit({ runAt: s.now + 1_000, tasks: 2 })
    expect((await s.act(action, job)).type).toBe(type)
    expect((await s.job(job)).state).toBe(state)
  })

  test('a job that is cancelled before it starts never does', async () => {
    const s = await start()
    const job = await s.submit({ runAt: s.now + 1_000, tasks: [{}, after(0)] })
    await s.act('cancel', job)
    expect((await s.commit()).wakeAt).toBeUndefined()
    s.now += 1_000
    expect(await s.commit({ claim: 10 })).toMatchObject({ claimed: [], changes: [] })
    expect(await s.states(job)).toEqual(['cancelled', 'cancelled'])
    expect(await s.job(job)).toMatchObject({ state: 'cancelled', startedAt: undefined, runAt: undefined })
  })

  test('a job that was cancelled before it started runs at once when it is retried', async () => {
    const s = await start()
    const job = await s.submit({ runAt: s.now + 1_000 })
    await s.act('cancel', job)
    await s.act('retry', job)
    expect(await s.claim()).toMatchObject([{ jobId: job.id }])
  })

  test('a scheduled job has its whole time from its start on', async () => {
    const s = await start()
    const runAt = s.now + 1_000
    const job = await s.submit({ runAt, timeoutMs: 500 })
    expect(job.deadlineAt).toBe(runAt + 500)
    s.now = runAt
    expect(await s.commit()).toMatchObject({ wakeAt: runAt + 500 })
    s.now += 500
    await s.sweep()
    expect(await s.job(job)).toMatchObject({ state: 'failed', error: { code: 'timeout' } })
  })

  test('a clock that was set back starts nothing too early', async () => {
    const s = await start()
    const runAt = s.now + 1_000
    const job = await s.submit({ runAt })
    s.now -= 5_000
    expect(await s.commit({ claim: 10 })).toMatchObject({ claimed: [], wakeAt: runAt })
    expect((await s.job(job)).state).toBe('scheduled')
  })

  test('delays and scheduled jobs outlive a restart', async () => {
    const s = await start()
    const runAt = s.now + 1_000
    await s.submit({ tasks: [{ runAt: runAt + 500 }] })
    const job = await s.submit({ runAt })
    await s.reopen()
    expect(await s.store.rescue(s.now, 9)).toBe(0)
    expect(await s.commit({ claim: 10 })).toMatchObject({ claimed: [], wakeAt: runAt })
    expect((await s.job(job)).state).toBe('scheduled')
    s.now = runAt
    expect(await s.claimOne()).toMatchObject({ jobId: job.id })
    s.now = runAt + 500
    expect(await s.claim()).toHaveLength(1)
  })
}
