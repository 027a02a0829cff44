import { noTasks } from '../../../src/job/counts.ts'
import type { JobEvent, ProgressEvent, TaskChangeView, TasksEvent } from '../../../src/job/events.ts'
import type { JobView } from '../../../src/job/wire.ts'

export const jobId = '01900000-0000-7000-8000-000000000001'
export const otherId = '01900000-0000-7000-8000-000000000002'

export const jobView = (overrides: Partial<JobView> = {}): JobView => ({
  id: jobId,
  name: null,
  state: 'running',
  mode: 'allSettled',
  counts: noTasks(),
  progress: 0,
  ratePerSecond: 0,
  etaMs: null,
  concurrency: null,
  priority: 5,
  labels: {},
  sealed: true,
  seq: 0,
  createdAt: '2026-01-01T00:00:00.000Z',
  startedAt: null,
  finishedAt: null,
  ...overrides,
})

export const jobEvent = (seq: number, overrides: Partial<JobView> = {}): JobEvent => {
  const data = jobView({ seq, ...overrides })
  return { type: 'job', job: data.id, seq, data }
}

export const endedEvent = (seq: number, overrides: Partial<JobView> = {}): JobEvent =>
  jobEvent(seq, { state: 'succeeded', outcome: 'succeeded', ...overrides })

/** The changes with these seqs, each of the task with its seq as index. */
export const tasksEvent = (...seqs: number[]): TasksEvent => ({
  type: 'tasks',
  job: jobId,
  seq: seqs.at(-1) ?? 0,
  counts: noTasks(),
  data: seqs.map((seq): TaskChangeView => ({ index: seq, state: 'succeeded', attempt: 1, seq })),
})

export const progressEvent = (done: number): ProgressEvent => ({
  type: 'progress',
  job: jobId,
  data: [{ index: 0, done }],
})
