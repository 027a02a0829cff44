import { expect, test } from 'bun:test'
import type { AttemptResult, Claim } from '../../../src/store/store.ts'
import type { JobFields } from '../../support/jobs.ts'
import type { Start } from '../contract.ts'
import { broken, failed, one, succeeded } from '../driver.ts'

const results: Record<string, AttemptResult> = {
  s: succeeded,
  f: failed,
  c: { type: 'cancelled', error: { code: 'cancelled', message: 'Stopped.' } },
}

interface Case {
  job: JobFields
  /** How the first tasks end, in order: succeeded, failed or cancelled; the job has two tasks more than that. */
  ends: string
  outcome: 'succeeded' | 'failed' | undefined
  decidedBy?: number
  code?: string
}

const cases: Record<string, Case> = {
  'all is open while tasks are': { job: { mode: 'all' }, ends: 'ss', outcome: undefined },
  'all fails with the first failure': {
    job: { mode: 'all' },
    ends: 'sf',
    outcome: 'failed',
    decidedBy: 1,
    code: 'task_failed',
  },
  'all tolerates as many failures as it says': {
    job: { mode: 'all', tolerate: 2 },
    ends: 'ff',
    outcome: undefined,
  },
  'all fails with one failure more than it tolerates': {
    job: { mode: 'all', tolerate: 2 },
    ends: 'fcsf',
    outcome: 'failed',
    decidedBy: 3,
    code: 'task_failed',
  },
  'all tolerates a share of its tasks': {
    job: { mode: 'all', tolerate: '34%' },
    ends: 'ff',
    outcome: 'failed',
    decidedBy: 1,
    code: 'task_failed',
  },
  'allSettled waits for every task': { job: { mode: 'allSettled' }, ends: 'fcs', outcome: undefined },
  'any succeeds with the first success': {
    job: { mode: 'any' },
    ends: 'ffs',
    outcome: 'succeeded',
    decidedBy: 2,
  },
  'any succeeds when its quorum is reached': {
    job: { mode: 'any', quorum: 2 },
    ends: 'sfs',
    outcome: 'succeeded',
    decidedBy: 2,
  },
  'any fails as soon as its quorum is out of reach': {
    job: { mode: 'any', quorum: 4 },
    ends: 'sff',
    outcome: 'failed',
    code: 'too_few_succeeded',
  },
  'race is decided by the first success': {
    job: { mode: 'race' },
    ends: 's',
    outcome: 'succeeded',
    decidedBy: 0,
  },
  'race is decided by the first failure': {
    job: { mode: 'race' },
    ends: 'f',
    outcome: 'failed',
    decidedBy: 0,
    code: 'task_failed',
  },
}

export const deciding = (start: Start) => {
  test.each(Object.keys(cases))('%s', async (title) => {
    const { job: fields, ends, outcome, decidedBy, code } = cases[title] as Case
    const s = await start()
    const job = await s.submit({ ...fields, tasks: ends.length + 2 })
    const claims = await s.claim(ends.length + 1)
    const settlements = [...ends].map((end, i) => ({
      claim: claims[i] as Claim,
      result: results[end] as AttemptResult,
    }))
    const { changes } = await s.commit({ settlements })

    const after = await s.job(job)
    expect(after).toMatchObject({ outcome, decidedBy, state: outcome === undefined ? 'running' : 'stopping' })
    expect(after.error?.code as string | undefined).toBe(code)
    expect(one(changes)).toMatchObject({ moved: outcome !== undefined, job: after })
    if (outcome === undefined) return

    // What waits is cancelled; what runs is for its holder to end.
    await s.sweep()
    const states = await s.states(job)
    expect(states.slice(ends.length)).toEqual(['running', 'cancelled'])
    expect((await s.job(job)).state).toBe('stopping')
    s.now += 1
    await s.settle(claims[ends.length] as Claim, succeeded)
    expect(await s.job(job)).toMatchObject({ state: outcome, outcome, decidedBy, finishedAt: s.now })
  })

  test('the first of a batch decides a race, in the order it was settled', async () => {
    const s = await start()
    const job = await s.submit({ mode: 'race', tasks: 3 })
    const [a, b, c] = await s.claim()
    if (!a || !b || !c) throw new Error('Expected three claims')
    const settlements = [
      { claim: c, result: failed },
      { claim: a, result: succeeded },
      { claim: b, result: succeeded },
    ]
    await s.commit({ settlements })
    expect(await s.job(job)).toMatchObject({ state: 'failed', decidedBy: 2 })
  })

  test.each([
    ['all', succeeded, 'succeeded'],
    ['allSettled', failed, 'succeeded'],
    ['any', failed, 'failed'],
  ] as const)('%s ends with its last task', async (mode, result, outcome) => {
    const s = await start()
    const job = await s.submit({ mode, tasks: 3 })
    s.now += 50
    await s.runAll(result)
    const after = await s.job(job)
    expect(after).toMatchObject({ state: outcome, outcome, decidedBy: undefined, finishedAt: s.now })
  })

  test('the error of the job names the task that failed it', async () => {
    const s = await start()
    const job = await s.submit({ mode: 'all', tasks: 1 })
    await s.runAll(failed)
    expect((await s.job(job)).error).toEqual({
      code: 'task_failed',
      message: `Task 0 failed: ${broken.message}`,
      details: { index: 0, error: { code: broken.code, message: broken.message } },
    })
  })

  test('a cancelled task says why, and is told like any other end', async () => {
    const s = await start()
    const job = await s.submit({ mode: 'any', tasks: [{}, { key: 'k' }] })
    const [claim] = await s.claim(1)
    if (!claim) throw new Error('Expected a claim')
    const { changes } = await s.commit({ settlements: [{ claim, result: succeeded }] })
    const told = one(changes).tasks.at(-1)
    expect(told).toMatchObject({ index: 1, key: 'k', state: 'cancelled', attempt: 0 })
    expect(JSON.parse(told?.error ?? '')).toEqual({
      code: 'cancelled',
      message: 'The job succeeded before this task ran.',
    })
    expect(await s.task(job, 1)).toMatchObject({ error: told?.error, finishedAt: s.now })
  })

  test('a large rest is cancelled in steps, while the outcome is there at once and other jobs run', async () => {
    const s = await start()
    const large = await s.submit({ mode: 'race', tasks: 10_000 })
    const [claim] = await s.claim(1)
    if (!claim) throw new Error('Expected a claim')
    const { unfinished, changes } = await s.commit({ settlements: [{ claim, result: succeeded }] })
    expect(unfinished).toBe(true)
    expect(one(changes).job).toMatchObject({ state: 'stopping', outcome: 'succeeded', finishedAt: undefined })
    const { cancelled, queued } = (await s.job(large)).counts
    expect(cancelled + queued).toBe(9_999)
    expect(cancelled).toBeLessThan(9_999)

    const small = await s.submit({ tasks: 1 })
    expect(await s.claim()).toMatchObject([{ jobId: small.id }])
    expect(await s.sweep()).toBeGreaterThan(1)
    expect(await s.job(large)).toMatchObject({
      state: 'succeeded',
      counts: { queued: 0, succeeded: 1, cancelled: 9_999 },
    })
  })

  test('the rests of many small jobs share a step', async () => {
    const s = await start()
    const jobs = []
    for (let i = 0; i < 20; i += 1) jobs.push(await s.submit({ tasks: 2 }))
    const { unfinished } = await s.commit({
      actions: jobs.map(({ id }) => ({ type: 'cancel' as const, job: id })),
    })
    expect(unfinished).toBe(false)
    for (const job of jobs) expect((await s.job(job)).state).toBe('cancelled')
  })
}
