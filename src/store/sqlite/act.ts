import { moveJob, revive, stop } from '../../job/ledger.ts'
import { hasEnded } from '../../job/state.ts'
import type { Acted, Action } from '../store.ts'
import { renewSeal } from './add.ts'
import type { Books } from './books.ts'
import { blockAgain, type Revived } from './dependants.ts'
import { freeKey } from './keys.ts'
import { type OpenJob, stateOf } from './rows.ts'
import { tell } from './tell.ts'

/** Does what a caller asks of a job, if its state allows it. */
export const act = (books: Books, action: Action): Acted => {
  const job = books.byId(action.job)
  if (job === undefined) return { type: 'missing' }
  if (!perform[action.type](books, job, action)) return { type: 'refused', job }
  return { type: 'done', job }
}

const perform: Record<Action['type'], (books: Books, job: OpenJob, action: Action) => boolean> = {
  cancel: (books, job) =>
    job.outcome === 'cancelled' ||
    moved(books, job, stop(job, 'cancelled', { code: 'cancelled', message: 'The job was cancelled.' })),
  pause: (books, job) => job.state === 'paused' || moved(books, job, moveJob(job, 'pause')),
  resume: (books, job) => {
    if (job.state === 'running') return true
    if (!moveJob(job, 'resume')) return false
    // Of an endpoint, it said why it was disabled.
    job.error = undefined
    return moved(books, job, true)
  },
  retry: (books, job, { task }) => {
    if (job.endpoint !== undefined) return replay(books, job, task)
    if (job.counts.failed + job.counts.cancelled === 0 || !revive(job)) return false
    job.deadlineAt = job.timeoutMs === undefined ? undefined : books.now + job.timeoutMs
    job.expiresAt = undefined
    // Its time to be sealed passed away with it.
    if (!job.sealed) renewSeal(books, job)
    books.moved(job)
    books.touch(job).revived = true
    reviveAll(books, job)
    return true
  },
  delete: (books, job) => {
    if (!hasEnded(job.state)) return false
    // Who deletes a job may mean to submit it again.
    if (job.idempotencyKey !== undefined) freeKey(books, job, job.idempotencyKey)
    remove(books, job)
    return true
  },
}

const moved = (books: Books, job: OpenJob, done: boolean): boolean => {
  if (done) books.moved(job)
  return done
}

/** In one transaction however many: a job half revived would be decided again by its half that is not. */
const reviveAll = (books: Books, job: OpenJob): void => {
  const revived: Revived[] = []
  for (;;) {
    const tasks = books.statements.missedTasks.all({ job: job.number, limit: 1_000 })
    if (tasks.length === 0) break
    revived.push(...reviveTasks(books, job, tasks))
  }
  blockAgain(books, job, revived)
}

type Missed = ReturnType<Books['statements']['missedTasks']['all']>

/** Returns those that may have to wait for others again. */
const reviveTasks = (books: Books, job: OpenJob, tasks: Missed): Revived[] => {
  const revived: Revived[] = []
  for (const { index, queue, key, state, attempt } of tasks) {
    const seq = books.move(job, queue, stateOf(state), 'revive')
    books.statements.reviveTask.run({ job: job.number, index, seq, now: books.now })
    const claim = { index, queue, key: key ?? undefined, attempt }
    if (job.linked) revived.push({ ...claim, seq })
    else tell({ books, job, claim }, { state: 'queued', seq, runAt: books.now })
  }
  return revived
}

/** How many deliveries are queued again at once: about 50 ms of them. */
const mostReplayed = 5_000

/** Not while the endpoint is disabled: they would be cancelled. */
const replay = (books: Books, job: OpenJob, task: number | undefined): boolean => {
  if (job.state !== 'running') return false
  const { statements } = books
  const tasks =
    task === undefined
      ? statements.missedTasks.all({ job: job.number, limit: mostReplayed })
      : statements.missedTask.all({ job: job.number, index: task })
  reviveTasks(books, job, tasks)
  return task === undefined || tasks.length === 1
}

/** The job is gone at once; its tasks go in steps (see steps.ts). */
export const remove = (books: Books, job: OpenJob): void => {
  books.statements.deleteLabels.run({ job: job.number })
  books.statements.deleteJob.run({ number: job.number })
  books.statements.insertPurge.run({ job: job.number })
  books.forget(job)
}
