import type { Claim } from '../store.ts'
import type { OpenJob } from './rows.ts'

/** A task that is claimed, as its row has it. */
export interface Taken {
  index: number
  key: string | null
  kind: string
  failures: number
  waitedMs: number
  input: string
  options: string | null
}

export interface Hold {
  queue: string
  queueNumber: number
  attempt: number
  /** When it was claimed. */
  now: number
}

/** What an attempt is started with. */
export const claimOf = (job: OpenJob, task: Taken, { queue, queueNumber, attempt, now }: Hold): Claim => ({
  job: job.number,
  jobId: job.id,
  index: task.index,
  key: task.key ?? undefined,
  kind: task.kind,
  queue,
  queueNumber,
  attempt,
  failures: task.failures,
  waitedMs: task.waitedMs,
  input: task.input,
  template: job.template,
  options: task.options ?? undefined,
  defaults: job.defaults,
  concurrency: job.concurrency,
  mode: job.rule.mode,
  startedAt: now,
})
