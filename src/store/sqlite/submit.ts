import { noTasks } from '../../job/counts.ts'
import { addTasks, noteSealed } from '../../job/ledger.ts'
import type { NewJob, NewTask, Submitted } from '../store.ts'
import type { Books } from './books.ts'
import { insertEdges } from './dependants.ts'
import type { QueueNames } from './queues.ts'
import { codeOf, fromJob, type OpenJob } from './rows.ts'

/** Puts a job and its tasks on disk, unless its idempotency key has done so before. */
export const submit = (books: Books, queues: QueueNames, submission: NewJob): Submitted => {
  const earlier = findEarlier(books, submission)
  if (earlier) return earlier

  const job = open(submission, books)
  const blocked = submission.tasks.reduce((sum, { after }) => sum + (after?.length ? 1 : 0), 0)
  addTasks(job, 'blocked', blocked)
  addTasks(job, 'queued', submission.tasks.length - blocked)
  job.linked = blocked > 0
  if (job.counts.queued > 0) {
    job.dueAt = books.now
    job.ready = true
  }
  job.number = insertJob(books, job, submission)
  for (const [index, task] of submission.tasks.entries()) insertTask(books, queues, job.number, index, task)
  books.created(job)
  const { seq } = job
  noteSealed(job)
  if (job.seq !== seq) books.moved(job)
  return { type: 'created', job }
}

const findEarlier = (books: Books, { idempotency }: NewJob): Submitted | undefined => {
  if (idempotency === undefined) return undefined
  const row = books.statements.jobByIdempotencyKey.get({ key: idempotency.key })
  const job = books.adopt(row)
  if (row === undefined || job === undefined) return undefined
  return { type: row.idempotencyDigest === idempotency.digest ? 'repeated' : 'mismatch', job }
}

const open = (submission: NewJob, books: Books): OpenJob => ({
  number: 0,
  id: submission.id,
  name: submission.name,
  state: 'running',
  rule: submission.rule,
  outcome: undefined,
  decidedBy: undefined,
  error: undefined,
  counts: noTasks(),
  sealed: true,
  seq: 1,
  concurrency: submission.concurrency,
  priority: submission.priority,
  labels: submission.labels,
  defaults: submission.defaults,
  template: submission.template,
  linked: false,
  createdAt: books.now,
  startedAt: undefined,
  finishedAt: undefined,
  timeoutMs: submission.timeoutMs,
  deadlineAt: submission.timeoutMs === undefined ? undefined : books.now + submission.timeoutMs,
  keepMs: submission.keepMs,
  expiresAt: undefined,
  dueAt: undefined,
  ready: false,
  pass: books.turn,
})

const insertJob = (books: Books, job: OpenJob, submission: NewJob): number => {
  const { number } = books.statements.insertJob.get({
    ...fromJob(job),
    id: job.id,
    name: job.name ?? null,
    mode: job.rule.mode,
    tolerate: JSON.stringify(job.rule.tolerate),
    quorum: job.rule.quorum,
    concurrency: job.concurrency ?? null,
    priority: job.priority,
    labels: JSON.stringify(job.labels),
    defaults: JSON.stringify(job.defaults),
    template: job.template ?? null,
    linked: job.linked,
    createdAt: job.createdAt,
    timeoutMs: job.timeoutMs ?? null,
    keepMs: job.keepMs ?? null,
    idempotencyKey: submission.idempotency?.key ?? null,
    idempotencyDigest: submission.idempotency?.digest ?? null,
  })
  for (const [name, value] of Object.entries(job.labels))
    books.statements.insertLabel.run({ name, value, job: number })
  return number
}

const queuedCode = codeOf('queued')
const blockedCode = codeOf('blocked')

const insertTask = (books: Books, queues: QueueNames, job: number, index: number, task: NewTask): void => {
  const waiting = task.after?.length ? insertEdges(books, job, index, task.after) : 0
  books.statements.insertTask.run({
    job,
    index,
    state: waiting > 0 ? blockedCode : queuedCode,
    waiting,
    kind: task.kind,
    queue: queues.numberOf(task.queue),
    runAt: books.now,
    key: task.key ?? null,
    options: task.options ?? null,
    input: task.input,
  })
}
