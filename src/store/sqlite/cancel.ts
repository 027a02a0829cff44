import type { Failure } from '../../job/errors.ts'
import type { Books } from './books.ts'
import { type OpenJob, textOf } from './rows.ts'
import { tell } from './tell.ts'

/** A task that no attempt holds. */
export interface Waiting {
  index: number
  /** The number of its queue. */
  queue: number
  key: string | null
  attempt: number
}

/** Cancels a task that waits, in the queue or for others. */
export const cancelWaiting = (
  books: Books,
  job: OpenJob,
  state: 'queued' | 'blocked',
  { index, queue, key, attempt }: Waiting,
  error: Failure,
): void => {
  const seq = books.move(job, queue, state, 'cancel')
  books.statements.cancelTask.run({
    job: job.number,
    index,
    seq,
    now: books.now,
    error: textOf(error),
  })
  const claim = { index, key: key ?? undefined, attempt }
  tell({ books, job, claim }, { state: 'cancelled', seq, error })
}
