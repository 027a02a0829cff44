import type { Failure } from '../../job/errors.ts'
import { moveTask, noteEnd } from '../../job/ledger.ts'
import type { EndedState } from '../../job/state.ts'
import type { Settlement } from '../store.ts'
import type { Books } from './books.ts'
import { freeDependants } from './dependants.ts'
import { codeOf, type OpenJob } from './rows.ts'
import { type Told, tell } from './tell.ts'
import { noteDelivery } from './webhooks.ts'

/**
 * Records the end of an attempt. Returns false, and changes nothing, when the attempt is no longer held:
 * it was rescued, cancelled or settled before, or its job was deleted.
 */
export const settle = (books: Books, { claim, result }: Settlement): boolean => {
  const job = books.byNumber(claim.job)
  if (job === undefined) return false
  const told: Told = { books, job, claim }
  if (result.type === 'succeeded') return succeed(told, result.output)
  const held = heldBy(told)

  switch (result.type) {
    case 'failed': {
      if (!miss(books, held, 'failed', result.error, 1)) return false
      tell(told, { state: 'failed', seq: moveTask(job, 'running', 'fail'), error: result.error })
      recordFailure(books, claim, result.error)
      ended(books, job, claim.index, 'failed', result.error)
      break
    }
    case 'cancelled': {
      if (!miss(books, held, 'cancelled', result.error, 0)) return false
      tell(told, { state: 'cancelled', seq: moveTask(job, 'running', 'cancel'), error: result.error })
      ended(books, job, claim.index, 'cancelled', result.error)
      break
    }
    case 'retry': {
      if (!requeue(books, held, { runAt: result.runAt, spent: 1, error: result.error })) return false
      const seq = books.move(job, claim.queueNumber, 'running', 'retry')
      tell(told, { state: 'queued', seq, error: result.error, runAt: result.runAt })
      recordFailure(books, claim, result.error)
      break
    }
    case 'snooze': {
      if (!requeue(books, held, { runAt: result.runAt, waited: Math.max(0, result.runAt - books.now) }))
        return false
      tell(told, {
        state: 'queued',
        seq: books.move(job, claim.queueNumber, 'running', 'snooze'),
        runAt: result.runAt,
      })
      break
    }
    case 'release': {
      if (!requeue(books, held, { runAt: books.now })) return false
      tell(told, {
        state: 'queued',
        seq: books.move(job, claim.queueNumber, 'running', 'release'),
        runAt: books.now,
      })
      break
    }
    default:
      return result satisfies never
  }
  return true
}

/** What nearly every attempt comes to: one object for the statement, and none that is copied. */
const succeed = (told: Told, output: string): boolean => {
  const { books, job, claim } = told
  const { index, attempt } = claim
  const seq = job.seq + 1
  const values = { job: job.number, index, attempt, now: books.now, seq, output }
  if (!changed(books.statements.succeedTask.run(values))) return false
  tell(told, { state: 'succeeded', seq: moveTask(job, 'running', 'succeed'), output })
  ended(books, job, index, 'succeeded')
  return true
}

/** What follows from the end of a task: perhaps the job's outcome, perhaps the start of others. */
export const ended = (
  books: Books,
  job: OpenJob,
  index: number,
  state: EndedState,
  error?: Failure,
): void => {
  if (noteEnd(job, index, state, error)) books.moved(job)
  if (job.linked) freeDependants(books, job, index, state)
  if (job.endpoint !== undefined) noteDelivery(books, job, error)
}

interface Held {
  job: number
  index: number
  attempt: number
  now: number
  seq: number
}

const heldBy = ({ books, job, claim: { index, attempt } }: Told): Held => ({
  job: job.number,
  index,
  attempt,
  now: books.now,
  seq: job.seq + 1,
})

/** bun:sqlite says how many rows changed; drizzle passes it on but types it as void. */
const changed = (result: unknown): boolean => (result as { changes: number }).changes === 1

export const miss = (
  books: Books,
  held: Held,
  state: 'failed' | 'cancelled',
  error: Failure,
  spent: number,
): boolean =>
  changed(
    books.statements.missTask.run({ ...held, state: codeOf(state), error: JSON.stringify(error), spent }),
  )

/** Why a task goes back into the queue: what it costs, and what it leaves. */
interface Requeue {
  runAt: number
  /** Attempts. */
  spent?: number
  rescued?: number
  /** Milliseconds. */
  waited?: number
  error?: Failure
}

export const requeue = (
  books: Books,
  held: Held,
  { runAt, spent = 0, rescued = 0, waited = 0, error }: Requeue,
): boolean =>
  changed(
    books.statements.requeueTask.run({
      ...held,
      runAt,
      spent,
      rescued,
      waited,
      error: error === undefined ? null : JSON.stringify(error),
    }),
  )

const recordFailure = (books: Books, claim: Settlement['claim'], error: Failure): void => {
  books.statements.insertFailure.run({
    job: claim.job,
    index: claim.index,
    attempt: claim.attempt,
    startedAt: claim.startedAt,
    now: books.now,
    error: JSON.stringify(error),
  })
}
