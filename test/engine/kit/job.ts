import { noTasks } from '../../../src/job/counts.ts'
import type { JobRecord } from '../../../src/store/store.ts'

export const start = Date.UTC(2026, 0, 1)

/** A job of 10,000 tasks that began at `start`, of which so many have succeeded and so many run. */
export const jobWith = (succeeded: number, running = 10, overrides: Partial<JobRecord> = {}): JobRecord => ({
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
  runAt: undefined,
  schedule: undefined,
  startedAt: start,
  finishedAt: undefined,
  deadlineAt: undefined,
  webhook: undefined,
  endpoint: undefined,
  defaults: {},
  template: undefined,
  ...overrides,
})
