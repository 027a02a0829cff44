import { noTasks } from '../../job/counts.ts'
import { addTasks, noteSealed } from '../../job/ledger.ts'
import type { NewJob, NewTask, Submitted } from '../store.ts'
import type { Books } from './books.ts'
import { insertEdges } from './dependants.ts'
import type { QueueNames } from './queues.ts'
import { codeOf, fromJob, type OpenJob } from './rows.ts'
import { takeTick } from './schedules.ts'

/** What a submission is put into. */
export interface Intake {
  books: Books
  queues: QueueNames
  /** How many tasks may wait in all. */
  mostWaiting: number
}

/** Puts a job and its tasks on disk, unless that was done before, or there is no room for it. */
export const submit = (intake: Intake, submission: NewJob): Submitted => {
  const { books, queues } = intake
  const refused =
    findEarlier(books, submission) ?? findTwin(books, submission) ?? refuseMore(intake, submission)
  if (refused) return refused
  if (!takeTick(books.statements, submission, books.now)) return { type: 'stale' }

  const job = open(submission, books)
  const blocked = submission.tasks.reduce((sum, { after }) => sum + (after?.length ? 1 : 0), 0)
  addTasks(job, 'blocked', blocked)
  addTasks(job, 'queued', submission.tasks.length - blocked)
  job.linked = blocked > 0
  job.ready =
    job.state === 'running' &&
    submission.tasks.some(({ after, runAt = 0 }) => !after?.length && runAt <= books.now)
  job.number = insertJob(books, job, submission)
  const lanes = new Map<number, Opening>()
  for (const [index, task] of submission.tasks.entries()) {
    const queue = queues.numberOf(task.queue)
    const runAt = Math.max(books.now, job.runAt ?? 0, task.runAt ?? 0)
    const waits = insertTask(books, { job: job.number, index, queue, runAt }, task)
    const lane = lanes.get(queue) ?? { queued: 0, blocked: 0, dueAt: Number.POSITIVE_INFINITY }
    lanes.set(queue, lane)
    if (!waits) lane.dueAt = Math.min(lane.dueAt, runAt)
    lane[waits ? 'blocked' : 'queued'] += 1
  }
  insertLanes(books, job, lanes)
  books.created(job)
  books.owners.count(job)
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

const refuseMore = ({ books, mostWaiting }: Intake, { owner, tasks }: NewJob): Submitted | undefined => {
  const { owners } = books
  if (owners.total + tasks.length > mostWaiting)
    return { type: 'full', of: 'server', waiting: owners.total, most: mostWaiting }
  if (owner?.mostWaiting === undefined) return undefined
  const waiting = owners.of(owner.id)
  if (waiting + tasks.length <= owner.mostWaiting) return undefined
  return { type: 'full', of: 'owner', waiting, most: owner.mostWaiting }
}

const open = (submission: NewJob, books: Books): OpenJob => ({
  number: 0,
  id: submission.id,
  name: submission.name,
  state: (submission.runAt ?? 0) > books.now ? 'scheduled' : 'running',
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
    uniqueKey: submission.unique?.key ?? null,
    owner: job.owner,
    schedule: job.schedule ?? null,
  })
  for (const [name, value] of Object.entries(job.labels))
    books.statements.insertLabel.run({ name, value, job: number })
  return number
}

const queuedCode = codeOf('queued')
const blockedCode = codeOf('blocked')

interface Place {
  job: number
  index: number
  queue: number
  runAt: number
}

/** Returns whether the task waits for others. */
const insertTask = (books: Books, { job, index, queue, runAt }: Place, task: NewTask): boolean => {
  const waiting = task.after?.length ? insertEdges(books, job, index, task.after) : 0
  books.statements.insertTask.run({
    job,
    index,
    state: waiting > 0 ? blockedCode : queuedCode,
    waiting,
    kind: task.kind,
    queue,
    runAt,
    key: task.key ?? null,
    options: task.options ?? null,
    input: task.input,
  })
  return waiting > 0
}

/** What a new job brings into one queue. */
interface Opening {
  queued: number
  blocked: number
  /** When the first of its queued tasks is due. */
  dueAt: number
}

const insertLanes = (books: Books, job: OpenJob, lanes: ReadonlyMap<number, Opening>): void => {
  for (const [queue, { queued, blocked, dueAt }] of lanes) {
    books.lanes.count(queue, 'queued', queued)
    books.lanes.count(queue, 'blocked', blocked)
    if (queued === 0) continue
    const ready = dueAt <= books.now
    books.statements.saveLane.run({ job: job.number, queue, dueAt, ready, parked: false, turn: 0, pass: 0 })
  }
}
