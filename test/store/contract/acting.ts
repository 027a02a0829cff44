import { expect, test } from 'bun:test'
import { jobStates } from '../../../src/job/state.ts'
import type { Action, JobRecord } from '../../../src/store/store.ts'
import type { Start } from '../contract.ts'
import { type Driver, failed, indexesOf, one, succeeded } from '../driver.ts'

/** A job of one task that waits and one that runs, or that ended, in each state a job can be in. */
const make: Record<string, (s: Driver) => Promise<JobRecord>> = {
  running: async (s) => s.submit({ tasks: 2 }),
  paused: async (s) => {
    const job = await s.submit({ tasks: 2 })
    await s.act('pause', job)
    return job
  },
  stopping: async (s) => {
    const job = await s.submit({ tasks: 2, mode: 'race' })
    const [claim] = await s.claim()
    if (claim) await s.settle(claim, succeeded)
    return job
  },
  succeeded: async (s) => {
    const job = await s.submit({ tasks: 2 })
    await s.runAll()
    return job
  },
  failed: async (s) => {
    const job = await s.submit({ tasks: 2, mode: 'all' })
    await s.runAll(failed)
    return job
  },
  cancelled: async (s) => {
    const job = await s.submit({ tasks: 2 })
    await s.act('cancel', job)
    return job
  },
}

/** The state that each action leads to; where it is missing, the state refuses the action. */
const leadsTo: Record<Action['type'], Record<string, string>> = {
  cancel: { running: 'cancelled', paused: 'cancelled', cancelled: 'cancelled' },
  pause: { running: 'paused', paused: 'paused' },
  resume: { running: 'running', paused: 'running' },
  retry: { failed: 'running', cancelled: 'running' },
  delete: { succeeded: 'gone', failed: 'gone', cancelled: 'gone' },
}
const table = Object.keys(leadsTo).flatMap((type) =>
  jobStates
    .filter((state) => state !== 'scheduled')
    .map(
      (state) =>
        [type as Action['type'], state, leadsTo[type as Action['type']][state] ?? 'refused'] as const,
    ),
)

export const acting = (start: Start) => {
  test.each(table)('%s of a %s job: %s', async (type, from, to) => {
    const s = await start()
    const made = await make[from]?.(s)
    if (!made) throw new Error(`Expected a way to make a ${from} job`)
    const before = await s.job(made)
    expect(before.state as string).toBe(from)

    const { acted, changes } = await s.commit({ actions: [{ type, job: made.id }] })
    const after = await s.store.job(made.id)
    expect(one(acted).type).toBe(to === 'refused' ? 'refused' : 'done')
    if (to === 'refused' || to === from) {
      expect(changes).toEqual([])
      expect(after).toEqual(before)
      return
    }
    expect(after?.state ?? 'gone').toBe(to as 'gone')
    expect(one(changes)).toMatchObject({ since: before.seq, deleted: to === 'gone' })
    if (after === undefined) return
    expect(one(acted)).toEqual({ type: 'done', job: after })
    expect(one(changes)).toMatchObject({ moved: true, job: after })
    expect(after.seq).toBeGreaterThan(before.seq)
  })

  test.each(Object.keys(leadsTo) as Action['type'][])(
    '%s of a job that does not exist is missing',
    async (type) => {
      const s = await start()
      const { acted, changes } = await s.commit({
        actions: [{ type, job: '01990000-0000-7000-8000-ffffffffffff' }],
      })
      expect(acted).toEqual([{ type: 'missing' }])
      expect(changes).toEqual([])
    },
  )

  test('actions of a batch follow one another, and each sees what the one before did', async () => {
    const s = await start()
    const { id } = await s.submit({ tasks: 2 })
    const types = ['resume', 'pause', 'pause', 'resume', 'delete', 'cancel', 'resume', 'cancel'] as const
    const { acted } = await s.commit({ actions: types.map((type) => ({ type, job: id })) })
    expect(acted.map(({ type }) => type)).toEqual([
      'done',
      'done',
      'done',
      'done',
      'refused',
      'done',
      'refused',
      'done',
    ])
    expect(await s.job({ id })).toMatchObject({ state: 'cancelled', counts: { cancelled: 2 } })
  })

  test('a cancelled job says so, and stops when what runs has ended', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 3 })
    const [claim] = await s.claim(1)
    if (!claim) throw new Error('Expected a claim')
    const acted = await s.act('cancel', job)
    const error = { code: 'cancelled', message: 'The job was cancelled.' }
    expect(acted).toMatchObject({ type: 'done', job: { state: 'stopping', outcome: 'cancelled', error } })
    expect(await s.states(job)).toEqual(['running', 'cancelled', 'cancelled'])
    s.now += 1
    await s.settle(claim, { type: 'cancelled', error: { code: 'cancelled', message: 'Stopped.' } })
    expect(await s.job(job)).toMatchObject({
      state: 'cancelled',
      finishedAt: s.now,
      counts: { cancelled: 3 },
    })
  })

  test('a paused job lets what runs end, and ends itself if that was all', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 1 })
    const claim = await s.claimOne()
    await s.act('pause', job)
    await s.settle(claim, succeeded)
    expect(await s.job(job)).toMatchObject({ state: 'succeeded', counts: { succeeded: 1 } })
  })

  test('retry revives what failed or was cancelled, with all its attempts, and leaves what succeeded', async () => {
    const s = await start()
    const job = await s.submit({ mode: 'all', tasks: 3, timeoutMs: 1_000 })
    const [a, b] = await s.claim(2)
    if (!a || !b) throw new Error('Expected two claims')
    await s.commit({
      settlements: [
        { claim: a, result: succeeded },
        { claim: b, result: failed },
      ],
    })
    await s.sweep()
    const before = await s.job(job)
    expect(before).toMatchObject({ state: 'failed', decidedBy: 1 })

    s.now += 5_000
    const { acted, changes } = await s.commit({ actions: [{ type: 'retry', job: job.id }] })
    const revived = await s.job(job)
    expect(one(acted)).toEqual({ type: 'done', job: revived })
    expect(revived).toMatchObject({
      state: 'running',
      outcome: undefined,
      decidedBy: undefined,
      error: undefined,
      finishedAt: undefined,
      deadlineAt: s.now + 1_000,
      counts: { succeeded: 1, queued: 2, failed: 0, cancelled: 0 },
    })
    const [, second, third] = await s.tasks(job)
    const fresh = { state: 'queued', runAt: s.now, error: undefined, finishedAt: undefined }
    expect([second, third]).toMatchObject([
      { ...fresh, attempt: 1 },
      { ...fresh, attempt: 0 },
    ])
    const change = one(changes)
    expect(change).toMatchObject({ since: before.seq, moved: true })
    expect(indexesOf(change.tasks).toSorted()).toEqual([1, 2])

    const claims = await s.claim()
    expect(claims).toMatchObject([
      { index: 1, attempt: 2, failures: 0 },
      { index: 2, attempt: 1, failures: 0 },
    ])
    await s.commit({ settlements: claims.map((claim) => ({ claim, result: succeeded })) })
    expect(await s.job(job)).toMatchObject({ state: 'succeeded', outcome: 'succeeded' })
    expect(await s.store.failures(job, 1)).toHaveLength(1)
  })

  test('retry is refused where nothing failed, and while the job still stops', async () => {
    const s = await start()
    const empty = await s.submit({ mode: 'any', tasks: 0 })
    expect(await s.act('retry', empty)).toMatchObject({ type: 'refused' })
    const job = await s.submit({ mode: 'race', tasks: 3 })
    const [claim] = await s.claim(2)
    if (claim) await s.settle(claim, failed)
    expect(await s.act('retry', job)).toMatchObject({ type: 'refused', job: { state: 'stopping' } })
  })

  test('however many tasks failed, retry revives them in one commit', async () => {
    const s = await start()
    const job = await s.submit({ tasks: 5_000 })
    await s.act('cancel', job)
    await s.sweep()
    const { changes } = await s.commit({ actions: [{ type: 'retry', job: job.id }] })
    expect(one(changes).tasks).toHaveLength(5_000)
    expect((await s.job(job)).counts).toMatchObject({ queued: 5_000, cancelled: 0 })
    await s.runAll()
    expect((await s.job(job)).counts).toMatchObject({ succeeded: 5_000 })
  })
}
