import { noTasks } from '../../job/counts.ts'
import { addTasks, noteSealed } from '../../job/ledger.ts'
import type { Full, NewJob, Submitted } from '../submission.ts'
import type { Books } from './books.ts'
import { insertTasks, isBlocked } from './insert.ts'
import { findEarlier, insertKey } from './keys.ts'
import type { QueueNames } from './queues.ts'
import { fromJob, type OpenJob } from './rows.ts'
import { takeTick } from './schedules.ts'
import type { Starter } from './start.ts'

/** What a submission is put into. */
export interface Intake {
  books: Books
  queues: QueueNames
  /** How many tasks may wait in all. */
  mostWaiting: number
  starter: Starter
}

/** Puts a job and its tasks on disk, unless that was done before, or there is no room for it. */
export const submit = (intake: Intake, submission: NewJob): Submitted => {
  const { books, queues, starter } = intake
  const refused =
    findEarlier(books, submission.idempotency) ??
    findTwin(books, submission) ??
    refuseMore(intake, submission)
  if (refused?.type === 'full') return refused
  if (!leaveOutbox(books, submission)) return { type: 'stale' }
  if (refused) return refused
  if (!takeTick(books.statements, submission, books.now)) return { type: 'stale' }

  const job = open(submission, books)
  const { tasks } = submission
  const blocked = tasks.reduce((sum, task) => sum + (isBlocked(task) ? 1 : 0), 0)
  addTasks(job, 'blocked', blocked)
  addTasks(job, 'queued', tasks.length - blocked)
  job.linked = blocked > 0
  const starts = starter.mayStart(job, tasks)
  if (starts) starter.claim(job)
  else
    job.ready =
      job.state === 'running' && tasks.some((task) => !isBlocked(task) && (task.runAt ?? 0) <= books.now)
  job.number = insertJob(books, job, submission)
  if (submission.idempotency) insertKey(books, job, submission.idempotency)
  if (!starts) insertTasks(books, queues, { job, tasks, from: 0 })
  books.created(job)
  if (starts) starter.write(job, tasks)
  books.owners.count(job)
  const { seq } = job
  noteSealed(job)
  if (job.seq !== seq) books.moved(job)
  return { type: 'created', job }
}

/** False if it has left before: then it was submitted. */
const leaveOutbox = ({ statements }: Books, { outbox }: NewJob): boolean =>
  outbox === undefined || statements.takeFromOutbox.get({ id: outbox }) !== undefined

/** How many jobs of the same unique key are looked at, the latest first. */
const mostTwins = 20

const findTwin = (books: Books, { unique }: NewJob): Submitted | undefined => {
  if (unique === undefined) return undefined
  const { key, states, forMs } = unique
  for (const row of books.statements.jobsByUniqueKey.all({ key, limit: mostTwins })) {
    const job = books.adopt(row)
    if (job === undefined) continue
    if (forMs === undefined ? states.includes(job.state) : job.createdAt + forMs > books.now)
      return { type: 'existing', job }
  }
  return undefined
}

const refuseMore = (intake: Intake, { owner, tasks }: NewJob): Full | undefined =>
  isFull(intake, { id: owner?.id ?? '', tasks: tasks.length, mostWaiting: owner?.mostWaiting })

interface Wanted {
  /** The owner. */
  id: string
  /** How many more are to wait. */
  tasks: number
  mostWaiting: number | undefined
}

/** Why there is no room for so many more tasks, if there is none. */
export const isFull = (
  { books: { owners }, mostWaiting: most }: Intake,
  { id, tasks, mostWaiting }: Wanted,
): Full | undefined => {
  if (tasks === 0) return undefined
  if (owners.total + tasks > most) return { type: 'full', of: 'server', waiting: owners.total, most }
  const waiting = owners.of(id)
  if (mostWaiting === undefined || waiting + tasks <= mostWaiting) return undefined
  return { type: 'full', of: 'owner', waiting, most: mostWaiting }
}

export const open = (submission: NewJob, books: Books): OpenJob => ({
  number: 0,
  id: submission.id,
  name: submission.name,
  state: (submission.runAt ?? 0) > books.now ? 'scheduled' : 'running',
  rule: submission.rule,
  outcome: undefined,
  decidedBy: undefined,
  error: undefined,
  counts: noTasks(),
  sealed: submission.sealTimeoutMs === undefined,
  sealTimeoutMs: submission.sealTimeoutMs,
  sealAt: submission.sealTimeoutMs === undefined ? undefined : books.now + submission.sealTimeoutMs,
  idempotencyKey: submission.idempotency?.key,
  seq: 1,
  concurrency: submission.concurrency,
  priority: submission.priority,
  labels: submission.labels,
  defaults: submission.defaults,
  template: submission.template,
  linked: false,
  createdAt: books.now,
  runAt: (submission.runAt ?? 0) > books.now ? submission.runAt : undefined,
  schedule: submission.tick?.schedule ?? submission.schedule,
  owner: submission.owner?.id ?? '',
  startedAt: undefined,
  finishedAt: undefined,
  timeoutMs: submission.timeoutMs,
  deadlineAt:
    submission.timeoutMs === undefined
      ? undefined
      : Math.max(books.now, submission.runAt ?? 0) + submission.timeoutMs,
  keepMs: submission.keepMs,
  expiresAt: undefined,
  ready: false,
  pass: books.turn,
  counted: 0,
  webhook: submission.webhook,
  endpoint: undefined,
})

export const insertJob = (books: Books, job: OpenJob, { unique }: Pick<NewJob, 'unique'>): number => {
  const inserted = books.statements.insertJob.run({
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
    createdAt: job.createdAt,
    timeoutMs: job.timeoutMs ?? null,
    keepMs: job.keepMs ?? null,
    idempotencyKey: job.idempotencyKey ?? null,
    sealTimeoutMs: job.sealTimeoutMs ?? null,
    uniqueKey: unique?.key ?? null,
    owner: job.owner,
    schedule: job.schedule ?? null,
    webhook: job.webhook ? JSON.stringify(job.webhook) : null,
    endpoint: job.endpoint ?? null,
  })
  const number = numberOf(inserted)
  for (const [name, value] of Object.entries(job.labels))
    books.statements.insertLabel.run({ name, value, job: number })
  return number
}

/** bun:sqlite says which number a row was given; drizzle passes it on but types it as void. To have it returned takes 1 µs more. */
const numberOf = (inserted: unknown): number => (inserted as { lastInsertRowid: number }).lastInsertRowid
