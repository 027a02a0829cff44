import type { Failure } from '../../job/errors.ts'
import { stop } from '../../job/ledger.ts'
import { remove } from './act.ts'
import type { Books } from './books.ts'
import { cancelWaiting } from './cancel.ts'
import type { OpenJob } from './rows.ts'

/** How many tasks a commit cancels or deletes beside its other work: about 5 ms at 500,000 rows a second. */
const stepSize = 2_000
const mostJobs = 100

/**
 * Work too long for one transaction, a step of it in each commit: stopping jobs whose time is over, cancelling
 * what stopping jobs leave, and deleting the tasks of deleted jobs. Returns whether anything is left to do now.
 */
export const takeStep = (books: Books): boolean => {
  const stopped = stopLate(books)
  books.save()
  const swept = sweep(books)
  const purged = purge(books)
  return stopped || swept || purged
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

/**
 * Drops jobs that were kept long enough; returns whether there are more. To be called first in a commit: what ends in
 * it is there for those who follow, however short it is kept, and an idempotency key meets no job about to go.
 */
export const expire = (books: Books): boolean => {
  const rows = books.statements.jobsToExpire.all({ now: books.now, limit: mostJobs })
  for (const row of rows) {
    const job = books.adopt(row)
    if (job) remove(books, job)
  }
  return rows.length === mostJobs
}

/** Cancels what stopping jobs leave, job after job, until the step is full. */
const sweep = (books: Books): boolean => {
  for (let room = stepSize; ; ) {
    const job = books.adopt(books.statements.nextToSweep.get())
    if (job === undefined) return false
    if (room <= 0) return true
    // At least one, so that a job of many steps, or a fault in its counts, never holds a commit for ever.
    room -= Math.max(1, cancelRest(books, job, room))
    books.save()
  }
}

const cancelRest = (books: Books, job: OpenJob, limit: number): number => {
  const error: Failure = {
    code: 'cancelled',
    message: `The job ${job.outcome} before this task ran.`,
  }
  const state = job.counts.queued > 0 ? 'queued' : 'blocked'
  const tasks = books.statements[state === 'queued' ? 'queuedTasks' : 'blockedTasks'].all({
    job: job.number,
    limit,
  })
  for (const task of tasks) cancelWaiting(books, job, state, task, error)
  books.touch(job)
  return tasks.length
}

/** Deletes the tasks of deleted jobs, job after job, until the step is full. */
const purge = ({ statements }: Books): boolean => {
  for (let room = stepSize; ; ) {
    const job = statements.nextPurge.get()?.job
    if (job === undefined) return false
    if (room <= 0) return true
    const { last, count } = statements.lastToPurge.get({ job, limit: room }) ?? { last: null, count: 0 }
    if (last !== null) {
      statements.purgeTasks.run({ job, last })
      statements.purgeFailures.run({ job, last })
      statements.purgeEdges.run({ job, last })
    }
    if (count < room) statements.deletePurge.run({ job })
    room -= Math.max(1, count)
  }
}
