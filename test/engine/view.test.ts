import { describe, expect, test } from 'bun:test'
import { viewJob } from '../../src/engine/view.ts'
import { noTasks } from '../../src/job/counts.ts'
import { JobShape } from '../../src/job/wire.ts'
import type { JobRecord } from '../../src/store/store.ts'
import { parseAs } from './kit/fold.ts'

import { jobWith, start } from './kit/job.ts'

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
