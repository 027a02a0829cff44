import type { Failure } from '../../job/errors.ts'
import { stop } from '../../job/ledger.ts'
import { remove } from './act.ts'
import { seal } from './add.ts'
import type { Books } from './books.ts'
import { cancelWaiting } from './cancel.ts'
import { forgetKeys } from './keys.ts'
import type { OpenJob } from './rows.ts'
import type { Space } from './space.ts'
import { disabled, forgetDeliveries, noteDelivery } from './webhooks.ts'

/** How many tasks a commit cancels beside its other work: about 4 ms. */
const sweepSize = 500
/** How many it deletes: about 3 ms, and as much again when the pages are copied from the log into the file. */
const purgeSize = 1_000
const mostJobs = 100

/**
 * Work too long for one transaction, a step of it in each commit: stopping jobs whose time is over, cancelling
 * what stopping jobs leave, deleting the tasks of deleted jobs, and giving back their space. Returns whether anything is left to do now.
 */
export const takeStep = (books: Books, space: Space): boolean => {
  const stopped = stopLate(books)
  const sealed = sealLate(books)
  books.save()
  const swept = sweep(books)
  const purged = purge(books, space)
  // Not while there is more to delete, whose pages would be moved in vain.
  const shrunk = !purged && space.step()
  const forgot = forgetKeys(books)
  return stopped || sealed || swept || purged || shrunk || forgot
}

/** Seals jobs that were left alone for too long. */
const sealLate = (books: Books): boolean => {
  const rows = books.statements.jobsToSeal.all({ now: books.now, limit: mostJobs })
  for (const row of rows) {
    const job = books.adopt(row)
    if (job) seal(books, job)
  }
  return rows.length === mostJobs
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
export const expire = (books: Books, space: Space): boolean => {
  const rows = books.statements.jobsToExpire.all({ now: books.now, limit: mostJobs })
  for (const row of rows) {
    const job = books.adopt(row)
    if (job === undefined) continue
    if (job.endpoint === undefined || !forgetDeliveries(books, job)) remove(books, job)
    space.freed()
  }
  books.save()
  return rows.length === mostJobs
}

/** Cancels what stopping jobs leave, job after job, until the step is full. */
const sweep = (books: Books): boolean => {
  for (let room = sweepSize; ; ) {
    const job = books.adopt(books.statements.nextToSweep.get())
    if (job === undefined) return false
    if (room <= 0) return true
    // At least one, so that a job of many steps, or a fault in its counts, never holds a commit for ever.
    room -= Math.max(1, cancelRest(books, job, room))
    books.save()
  }
}

const cancelRest = (books: Books, job: OpenJob, limit: number): number => {
  const error = job.endpoint === undefined ? outrun(job) : disabled
  const state = job.counts.queued > 0 ? 'queued' : 'blocked'
  const tasks = restOf(books, job, state, limit)
  for (const task of tasks) cancelWaiting(books, job, state, task, error)
  books.touch(job)
  if (job.endpoint !== undefined) noteDelivery(books, job)
  return tasks.length
}

const outrun = ({ outcome }: OpenJob): Failure => ({
  code: 'cancelled',
  message: `The job ${outcome} before this task ran.`,
})

const restOf = (
  { statements }: Books,
  { number: job }: OpenJob,
  state: 'queued' | 'blocked',
  limit: number,
) => {
  if (state === 'blocked') return statements.blockedTasks.all({ job, limit })
  const tasks = statements.queuedTasks.all({ job, limit })
  return tasks.length > 0 ? tasks : statements.suspectsOf.all({ job, limit })
}

/** Deletes the tasks of deleted jobs, job after job, until the step is full. */
const purge = ({ statements }: Books, space: Space): boolean => {
  for (let room = purgeSize; ; ) {
    const job = statements.nextPurge.get()?.job
    if (job === undefined) return false
    if (room <= 0) return true
    space.freed()
    const { last, count, seen } = statements.lastToPurge.get({ job, limit: room }) ?? nothing
    if (last !== null) {
      statements.purgeTasks.run({ job, last })
      statements.purgeFailures.run({ job, last })
      statements.purgeEdges.run({ job, last })
    }
    if (count < seen) return true
    if (seen < room) statements.deletePurge.run({ job })
    room -= Math.max(1, count)
  }
}

const nothing = { last: null, count: 0, seen: 0 }
