import { Problem } from '../../job/errors.ts'
import { invalid, unexpected } from '../../job/explain.ts'
import type { Full, JobRecord, NewJob, Submitted } from '../../store/store.ts'

/** The job that a submission made or found. */
export interface Accepted {
  type: 'created' | 'repeated' | 'existing'
  job: JobRecord
}

/** What became of a submission. Throws the Problem that says why there is no job for it. */
export const accepted = (asked: NewJob, submitted: Submitted): Accepted => {
  switch (submitted.type) {
    case 'created':
    case 'repeated':
    case 'existing':
      return submitted
    case 'mismatch':
      throw new Problem(
        'idempotency_mismatch',
        `Expected the same body as when "Idempotency-Key" ${asked.idempotency?.key} was first used, for job ${submitted.id}, got another one.`,
      )
    case 'pending':
      throw new Problem(
        'idempotency_pending',
        `The request that used "Idempotency-Key" ${asked.idempotency?.key} first, for job ${submitted.id}, still comes in, or broke off.`,
        { job: submitted.id },
      )
    case 'gone':
      throw new Problem(
        'gone',
        `"Idempotency-Key" ${asked.idempotency?.key} was used for job ${submitted.id}, which has ended and is no longer kept.`,
      )
    case 'full':
      throw fullProblem(submitted, asked.tasks.length, asked.template === undefined ? 'tasks' : 'each.items')
    case 'stale':
      throw new Error('A job that no schedule made was taken for one that is late')
    default:
      return submitted satisfies never
  }
}

/** To wait helps, unless the job would be too much if nothing else waited. */
export const fullProblem = ({ of, waiting, most }: Full, length: number, field: string): Problem => {
  const whose = of === 'owner' ? 'of this token' : 'on this server'
  if (length > most)
    return invalid([
      unexpected(field, `of at most ${most}, as no more tasks ${whose} may wait at once`, length),
    ])
  return new Problem(
    of === 'owner' ? 'quota_exceeded' : 'too_many_queued',
    `Expected at most ${most} tasks ${whose} to wait, got ${length} more while ${waiting} do.`,
    { waiting, most },
  )
}
