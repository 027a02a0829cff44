import { noteSealed } from '../../job/ledger.ts'
import { hasEnded } from '../../job/state.ts'
import type { Added, Addition } from '../submission.ts'
import type { Books } from './books.ts'
import { insertTasks } from './insert.ts'
import type { OpenJob } from './rows.ts'
import { type Intake, isFull } from './submit.ts'

/** Puts more tasks into a job that is not sealed, or seals it, or both. All of the tasks, or none. */
export const add = (intake: Intake, addition: Addition): Added => {
  const { books, queues } = intake
  const job = books.byId(addition.job)
  if (job === undefined) return { type: 'missing' }
  const refused = refuse(intake, job, addition)
  if (refused) return refused
  nameRequest(books, job, addition.digest)
  if (job.sealed) return { type: 'added', job }
  insertTasks(books, queues, { job, tasks: addition.tasks, from: job.counts.total })
  job.seq += 1
  renewSeal(books, job)
  books.moved(job)
  if (addition.seal) seal(books, job)
  books.owners.count(job)
  return { type: 'added', job }
}

/** From now on, as much time as ever may pass before the job is sealed. */
export const renewSeal = (books: Books, job: OpenJob): void => {
  job.sealAt = job.sealTimeoutMs === undefined ? undefined : books.now + job.sealTimeoutMs
}

const nameRequest = (books: Books, { id, idempotencyKey }: OpenJob, digest: string | undefined): void => {
  if (idempotencyKey === undefined || digest === undefined) return
  books.statements.nameRequest.run({ key: idempotencyKey, jobId: id, digest })
}

const refuse = (intake: Intake, job: OpenJob, addition: Addition): Added | undefined => {
  const { from, tasks } = addition
  // To seal again, or to add what was added before, is what a client does that did not get its answer.
  if (from !== undefined && from !== job.counts.total) return { type: 'elsewhere', job }
  if (job.sealed && tasks.length > 0) return { type: 'sealed', job }
  if ((job.outcome !== undefined || hasEnded(job.state)) && tasks.length > 0) return { type: 'decided', job }
  const taken = takenKey(intake.books, job, tasks)
  if (taken !== undefined) return { type: 'taken', job, position: taken }
  const mostWaiting = job.owner === '' ? undefined : addition.mostWaiting
  return isFull(intake, { id: job.owner, tasks: tasks.length, mostWaiting })
}

/** The first of the tasks whose key another task of the job has. */
const takenKey = (books: Books, job: OpenJob, tasks: Addition['tasks']): number | undefined => {
  for (const [index, { key }] of tasks.entries())
    if (key !== undefined && books.statements.taskWithKey.get({ job: job.number, key })) return index
  return undefined
}

/** No more tasks will come: what that decides is decided. */
export const seal = (books: Books, job: OpenJob): void => {
  if (job.sealed) return
  job.sealed = true
  job.sealAt = undefined
  job.seq += 1
  noteSealed(job)
  books.moved(job)
}
