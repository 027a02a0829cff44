import { endedOf, openOf, progressOf } from '../job/counts.ts'
import { hasEnded } from '../job/state.ts'
import type { JobView } from '../job/wire.ts'
import type { JobRecord } from '../store/store.ts'

/** What is committed together has the same times: of a page of 100 tasks, writing its times anew took a fifth of the time. */
const written = new Map<number, string>()
const mostWritten = 256

export const toIso = (ms: number): string => {
  let text = written.get(ms)
  if (text === undefined) {
    text = new Date(ms).toISOString()
    if (written.size === mostWritten) written.clear()
    written.set(ms, text)
  }
  return text
}

const isoOrNull = (ms: number | undefined) => (ms === undefined ? null : toIso(ms))

/** A job as the world sees it. `ratePerSecond` is how many of its tasks ended a second, lately. */
export const viewJob = (job: JobRecord, ratePerSecond: number): JobView => ({
  id: job.id,
  name: job.name ?? null,
  state: job.state,
  mode: job.rule.mode,
  ...(job.outcome !== undefined && { outcome: job.outcome }),
  ...(job.decidedBy !== undefined && { decidedBy: job.decidedBy }),
  counts: job.counts,
  progress: progressOf(job.counts),
  ratePerSecond,
  etaMs: etaOf(job, ratePerSecond),
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

const etaOf = (job: JobRecord, ratePerSecond: number): number | null => {
  if (hasEnded(job.state)) return 0
  return ratePerSecond > 0 ? Math.ceil((openOf(job.counts) / ratePerSecond) * 1000) : null
}

/** Tasks ended a second over the whole life of a job: what is known of one that nobody watched. */
export const averageRate = (job: JobRecord, now: number): number => {
  if (job.startedAt === undefined) return 0
  const elapsed = Math.max(1, (job.finishedAt ?? now) - job.startedAt)
  return round((endedOf(job.counts) / elapsed) * 1000)
}

export const round = (rate: number) => Math.round(rate * 100) / 100
