import { endedOf, openOf } from '../job/counts.ts'
import { hasEnded } from '../job/state.ts'
import { summaryOf } from '../job/summary.ts'
import type { JobView } from '../job/wire.ts'
import type { JobRecord } from '../store/store.ts'

export { toIso } from '../job/iso.ts'

/** A job as the world sees it. `ratePerSecond` is how many of its tasks ended a second, lately. */
export const viewJob = (job: JobRecord, ratePerSecond: number): JobView => ({
  ...summaryOf(job),
  ratePerSecond,
  etaMs: etaOf(job, ratePerSecond),
  ...(job.webhook && {
    webhook: { id: job.webhook.endpoint, url: job.webhook.url, events: [...job.webhook.events] },
  }),
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
