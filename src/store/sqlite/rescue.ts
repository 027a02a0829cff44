import { failpoint } from '../../failpoint.ts'
import type { Failure } from '../../job/errors.ts'
import { moveTask } from '../../job/ledger.ts'
import type { Books } from './books.ts'
import { ended, miss, requeue } from './settle.ts'
import { tell } from './tell.ts'

/**
 * Takes back what a process that died left running. A task that was rescued `mostRescues` times already fails
 * instead, so that one that kills the server cannot do so for ever. Returns how many tasks were taken back.
 */
export const rescue = (books: Books, mostRescues: number): number => {
  openAll(books)
  const running = books.statements.runningTasks.all({})
  let lowest = Number.POSITIVE_INFINITY
  for (const [i, task] of running.entries()) {
    if (i === running.length >> 1) failpoint('rescue-half-done')
    const job = books.byNumber(task.job)
    if (job === undefined) continue
    lowest = Math.min(lowest, job.pass)
    const held = { ...task, now: books.now, seq: job.seq + 1 }
    const told = { books, job, claim: { ...task, key: task.key ?? undefined } }
    if (task.rescues < mostRescues) {
      requeue(books, held, { runAt: task.runAt, rescued: 1 })
      tell(told, {
        state: 'queued',
        seq: books.move(job, task.queue, 'running', 'rescue'),
        runAt: task.runAt,
      })
    } else {
      const error = tooOften(mostRescues)
      miss(books, held, 'failed', error, 0)
      tell(told, { state: 'failed', seq: moveTask(job, 'running', 'fail'), error })
      ended(books, job, task.index, 'failed', error)
    }
  }
  // The turns go on from where they were: a new job must not overtake all that these had by then.
  if (lowest < Number.POSITIVE_INFINITY) books.turn = Math.max(books.turn, lowest)
  books.save()
  return running.length
}

/** Nobody knows yet which queues have room: whatever was parked is looked at again. */
const openAll = (books: Books): void => {
  for (;;) {
    const parked = books.statements.anyParked.all({ limit: 1_000 })
    for (const lane of parked) {
      const job = books.byNumber(lane.job)
      if (job === undefined)
        throw new Error(`The database holds a lane of job ${lane.job}, which does not exist`)
      books.lanes.change({ ...lane, parked: false, pass: 0 })
      books.touch(job)
    }
    books.save()
    if (parked.length === 0) return
  }
}

const tooOften = (mostRescues: number): Failure => ({
  code: 'rescued_too_often',
  message: `The server died ${mostRescues + 1} times while it ran this task.`,
})
