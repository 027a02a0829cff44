import type { JobRecord } from '../store/store.ts'
import { progressOf } from './counts.ts'
import { toIso } from './iso.ts'
import type { JobView } from './wire.ts'

/** What the world sees of a job, but for what depends on when it is looked at, and on who is told of it. */
export type JobSummary = Omit<JobView, 'ratePerSecond' | 'etaMs' | 'webhook'>

export const summaryOf = (job: JobRecord): JobSummary => ({
  id: job.id,
  name: job.name ?? null,
  state: job.state,
  mode: job.rule.mode,
  ...(job.outcome !== undefined && { outcome: job.outcome }),
  ...(job.decidedBy !== undefined && { decidedBy: job.decidedBy }),
  counts: { ...job.counts },
  progress: progressOf(job.counts),
  concurrency: job.concurrency ?? null,
  priority: job.priority,
  labels: job.labels,
  ...(job.schedule !== undefined && { schedule: job.schedule }),
  sealed: job.sealed,
  seq: job.seq,
  createdAt: toIso(job.createdAt),
  ...(job.state === 'scheduled' && job.runAt !== undefined && { runAt: toIso(job.runAt) }),
  startedAt: isoOrNull(job.startedAt),
  finishedAt: isoOrNull(job.finishedAt),
  ...(job.error && { error: job.error }),
})

const isoOrNull = (ms: number | undefined) => (ms === undefined ? null : toIso(ms))
