import { describe, expect, test } from 'bun:test'
import { Rates } from '../../src/engine/rates.ts'
import { viewJob } from '../../src/engine/view.ts'
import { noTasks } from '../../src/job/counts.ts'
import { JobShape } from '../../src/job/wire.ts'
import type { JobRecord } from '../../src/store/store.ts'
import { parseAs } from './kit/fold.ts'

const start = Date.UTC(2026, 0, 1)

/** A job of 10,000 tasks that began at `start`, of which so many have succeeded and so many run. */
const jobWith = (succeeded: number, running = 10, overrides: Partial<JobRecord> = {}): JobRecord => ({
  number: 1,
  id: '0192d4e0-0000-7000-8000-000000000001',
  name: undefined,
  state: 'running',
  rule: { mode: 'all', tolerate: 0, quorum: 1 },
  counts: { ...noTasks(), total: 10_000, succeeded, running, queued: 10_000 - succeeded - running },
  sealed: true,
  seq: 1,
  outcome: undefined,
  decidedBy: undefined,
  error: undefined,
  concurrency: undefined,
  priority: 5,
  labels: {},
  createdAt: start,
  startedAt: start,
  finishedAt: undefined,
  deadlineAt: undefined,
  ...overrides,
})

const started = () => {
  const rates = new Rates()
  rates.note(jobWith(0), start)
  return rates
}

/** Notes the job every 100 ms, and gives its rate at the end. */
const run = (rates: Rates, from: { at: number; ended: number }, perSecond: number, seconds: number) => {
  let { at, ended } = from
  for (let step = 0; step < seconds * 10; step += 1) {
    at += 100
    ended += perSecond / 10
    rates.note(jobWith(ended), at)
  }
  return { at, ended, rate: rates.of(jobWith(ended), at) }
}

describe('the rate of a job', () => {
  test('is what it does, from the first second on', () => {
    expect(run(started(), { at: start, ended: 0 }, 200, 1).rate).toBe(200)
    expect(run(started(), { at: start, ended: 0 }, 200, 20).rate).toBe(200)
  })

  test('is its average until there is a measurement', () => {
    expect(new Rates().of(jobWith(50), start + 500)).toBe(100)
    expect(new Rates().of(jobWith(0, 0, { startedAt: undefined }), start)).toBe(0)
  })

  test('follows a change within about five seconds, and one noisy second by less than a third', () => {
    const rates = started()
    const steady = run(rates, { at: start, ended: 0 }, 100, 10)
    const second = run(rates, steady, 400, 1)
    expect(second.rate).toBeGreaterThan(150)
    expect(second.rate).toBeLessThan(200)
    const later = run(rates, second, 400, 4)
    expect(later.rate).toBeGreaterThan(340)
    expect(later.rate).toBeLessThan(400)
  })

  test('sinks while nothing ends, though nobody notes anything', () => {
    const rates = started()
    const { at, ended } = run(rates, { at: start, ended: 0 }, 100, 10)
    const after = (ms: number) => rates.of(jobWith(ended), at + ms)
    expect(after(900)).toBe(100)
    expect(after(2_000)).toBeLessThan(55)
    expect(after(30_000)).toBeLessThan(0.1)
    expect(rates.of(jobWith(ended), at)).toBe(100)
  })

  test('does not depend on how often it is noted', () => {
    const [often, seldom] = [new Rates(), new Rates()]
    often.note(jobWith(0), start)
    seldom.note(jobWith(0), start)
    for (let second = 1; second <= 8; second += 1) often.note(jobWith(second * 70), start + second * 1_000)
    seldom.note(jobWith(8 * 70), start + 8_000)
    expect(often.of(jobWith(560), start + 8_000)).toBe(seldom.of(jobWith(560), start + 8_000))
  })

  test('is never negative, also when a retry takes ends back', () => {
    const rates = new Rates()
    rates.note(jobWith(100), start)
    rates.note(jobWith(0), start + 1_000)
    expect(rates.of(jobWith(0), start + 1_000)).toBe(0)
  })

  test('is forgotten with the last task that runs: what waits or has ended costs nothing', () => {
    const rates = new Rates()
    run(rates, { at: start, ended: 0 }, 100, 10)
    rates.note(jobWith(1_000, 0), start + 10_000)
    expect(rates.of(jobWith(1_000, 0), start + 20_000)).toBe(50)
    run(rates, { at: start, ended: 0 }, 100, 10)
    rates.forget(jobWith(0).id)
    expect(rates.of(jobWith(1_000), start + 20_000)).toBe(50)
  })
})

describe('a job as the world sees it', () => {
  const view = (job: JobRecord, rate = 0) => parseAs(JobShape, JSON.stringify(viewJob(job, rate)))

  test('has every field of its schema when nothing has happened yet', () => {
    const job = jobWith(0, 0, { startedAt: undefined, counts: { ...noTasks(), total: 4, queued: 4 } })
    expect(view(job)).toEqual({
      id: job.id,
      name: null,
      state: 'running',
      mode: 'all',
      counts: { total: 4, blocked: 0, queued: 4, running: 0, succeeded: 0, failed: 0, cancelled: 0 },
      progress: 0,
      ratePerSecond: 0,
      etaMs: null,
      concurrency: null,
      priority: 5,
      labels: {},
      sealed: true,
      seq: 1,
      createdAt: '2026-01-01T00:00:00.000Z',
      startedAt: null,
      finishedAt: null,
    })
  })

  test('and when everything has', () => {
    const ended = jobWith(10_000, 0, {
      name: 'enrich',
      state: 'failed',
      outcome: 'failed',
      decidedBy: 7,
      error: { code: 'task_failed', message: 'Task 7 failed.', details: { index: 7 } },
      concurrency: 3,
      labels: { team: 'growth' },
      finishedAt: start + 1_500,
    })
    expect(view(ended, 12.5)).toMatchObject({
      name: 'enrich',
      state: 'failed',
      outcome: 'failed',
      decidedBy: 7,
      error: { code: 'task_failed', message: 'Task 7 failed.', details: { index: 7 } },
      progress: 1,
      ratePerSecond: 12.5,
      etaMs: 0,
      concurrency: 3,
      labels: { team: 'growth' },
      startedAt: '2026-01-01T00:00:00.000Z',
      finishedAt: '2026-01-01T00:00:01.500Z',
    })
  })

  test('is expected to take what is left at its rate, in whole milliseconds', () => {
    expect(view(jobWith(7_000), 100).etaMs).toBe(30_000)
    expect(view(jobWith(9_999, 1), 3).etaMs).toBe(334)
    expect(view(jobWith(9_999, 1), 0).etaMs).toBeNull()
  })

  test('shows nothing of how it is stored', () => {
    const stored = { ...jobWith(1), number: 17, pass: 99, deadlineAt: start, defaults: {} }
    const { number, pass, deadlineAt, defaults } = view(stored) as unknown as Record<string, unknown>
    expect([number, pass, deadlineAt, defaults]).toEqual([undefined, undefined, undefined, undefined])
  })
})
