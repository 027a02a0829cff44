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
  const running = books.statements.runningTasks.all({})
  let lowest = Number.POSITIVE_INFINITY
  for (const task of running) {
    const job = books.byNumber(task.job)
    if (job === undefined) continue
    lowest = Math.min(lowest, job.pass)
    const held = { ...task, now: books.now, seq: job.seq + 1 }
    const told = { books, job, claim: { ...task, key: task.key ?? undefined } }
    if (task.rescues < mostRescues) {
      requeue(books, held, { runAt: task.runAt, rescued: 1 })
      tell(told, { state: 'queued', seq: moveTask(job, 'running', 'rescue'), runAt: task.runAt })
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

const tooOften = (mostRescues: number): Failure => ({
  code: 'rescued_too_often',
  message: `The server died ${mostRescues + 1} times while it ran this task.`,
})
