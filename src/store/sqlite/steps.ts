import type { Failure } from '../../job/errors.ts'
import { moveTask, stop } from '../../job/ledger.ts'
import { remove } from './act.ts'
import type { Books } from './books.ts'
import type { OpenJob } from './rows.ts'
import { tell } from './settle.ts'

/** How many tasks a commit cancels or deletes beside its other work: about 5 ms at 500,000 rows a second. */
const stepSize = 2_000
const mostJobs = 100

/**
 * Work too long for one transaction, a step of it in each commit: stopping jobs whose time is over, cancelling
 * what stopping jobs leave, dropping jobs that were kept long enough, and deleting the tasks of dropped jobs.
 * Returns whether anything is left to do now.
 */
export const takeStep = (books: Books): boolean => {
  const stopped = stopLate(books)
  const expired = expire(books)
  books.save()
  const swept = sweep(books)
  const purged = purge(books)
  return stopped || expired || swept || purged
}

const stopLate = (books: Books): boolean => {
  const rows = books.statements.jobsToStop.all({ now: books.now, limit: mostJobs })
  for (const row of rows) {
    const job = books.adopt(row)
    if (job && stop(job, 'failed', overdue(job))) books.moved(job)
  }
  return rows.length === mostJobs
}

const overdue = (job: OpenJob): Failure => ({
  code: 'timeout',
  message: `The job did not end within its timeoutMs of ${job.timeoutMs}.`,
})

const expire = (books: Books): boolean => {
  const rows = books.statements.jobsToExpire.all({ now: books.now, limit: mostJobs })
  for (const row of rows) {
    const job = books.adopt(row)
    if (job) remove(books, job)
  }
  return rows.length === mostJobs
}

const sweep = (books: Books): boolean => {
  const job = books.adopt(books.statements.jobsToSweep.get())
  if (job === undefined) return false
  const error: Failure = {
    code: 'cancelled',
    message: `The job ${job.outcome} before this task ran.`,
  }
  const tasks = books.statements.queuedTasks.all({ job: job.number, limit: stepSize })
  for (const task of tasks) {
    const seq = moveTask(job, 'queued', 'cancel')
    books.statements.cancelTask.run({
      job: job.number,
      index: task.index,
      seq,
      now: books.now,
      error: JSON.stringify(error),
    })
    const claim = { index: task.index, key: task.key ?? undefined, attempt: task.attempt }
    tell({ books, job, claim }, { state: 'cancelled', seq, error })
  }
  books.touch(job)
  books.save()
  return books.statements.jobsToSweep.get() !== undefined
}

const purge = (books: Books): boolean => {
  const { statements } = books
  const purge = statements.nextPurge.get()
  if (purge === undefined) return false
  const last = statements.lastToPurge.get({ job: purge.job, limit: stepSize })?.last ?? null
  if (last === null) statements.deletePurge.run({ job: purge.job })
  else {
    statements.purgeTasks.run({ job: purge.job, last })
    statements.purgeFailures.run({ job: purge.job, last })
  }
  return last !== null || statements.nextPurge.get() !== undefined
}
