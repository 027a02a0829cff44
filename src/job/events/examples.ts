import { exampleId } from '../message.ts'
import type { QueueView } from '../queue-wire.ts'
import type { JobView } from '../wire.ts'

/** A job of 50 tasks, on its way. */
export const exampleJob: JobView = {
  id: exampleId,
  name: 'enrich',
  state: 'running',
  mode: 'allSettled',
  counts: { total: 50, blocked: 0, queued: 26, running: 8, succeeded: 15, failed: 1, cancelled: 0 },
  progress: 0.32,
  ratePerSecond: 12.5,
  etaMs: 2_720,
  concurrency: 8,
  priority: 5,
  labels: { team: 'growth' },
  sealed: true,
  seq: 41,
  createdAt: '2026-01-01T12:00:00.000Z',
  startedAt: '2026-01-01T12:00:00.004Z',
  finishedAt: null,
}

/** A queue that waits as its upstream asked. */
export const exampleQueue: QueueView = {
  name: 'http:api.example.com',
  status: 'throttled',
  waiting: 26,
  queued: 26,
  blocked: 0,
  running: 0,
  ratePerSecond: 0,
  limits: { concurrency: 20, rate: { limit: 500, perMs: 60_000 } },
  own: { concurrency: 20 },
  throttle: {
    throttledAt: '2026-01-01T12:00:01.000Z',
    endsAt: '2026-01-01T12:00:31.000Z',
    why: '429 with Retry-After',
  },
}
