import type { Counts } from '../../job/counts.ts'
import type { Failure } from '../../job/errors.ts'
import type { Tolerance } from '../../job/modes.ts'
import { type TaskState, taskStates } from '../../job/state.ts'
import type { Webhook } from '../../job/webhook.ts'
import type {
  AttemptFailure,
  JobRecord,
  TaskChange,
  TaskDefaults,
  TaskRecord,
  WholeTaskRecord,
} from '../store.ts'
import type { failures, jobs, tasks } from './schema.ts'

/** A job inside a transaction: what the world sees of it, and its place among those that take turns. */
export interface OpenJob extends JobRecord {
  linked: boolean
  timeoutMs: number | undefined
  keepMs: number | undefined
  expiresAt: number | undefined
  owner: string
  idempotencyKey: string | undefined
  sealAt: number | undefined
  sealTimeoutMs: number | undefined
  ready: boolean
  pass: number
  /** How many of its tasks are counted as waiting in what its owner has. */
  counted: number
}

export type JobRow = typeof jobs.$inferSelect
export type TaskRow = typeof tasks.$inferSelect

/** A state's number in the database. */
export const codeOf = (state: TaskState): number => taskStates.indexOf(state)

export const stateOf = (code: number): TaskState => {
  const state = taskStates[code]
  if (state === undefined) throw new Error(`The database holds a task in state ${code}, which does not exist`)
  return state
}

const texts = new WeakMap<Failure, string>()

/** An error as it is stored: one is often that of many tasks. */
export const textOf = (error: Failure): string => {
  const known = texts.get(error)
  if (known !== undefined) return known
  const text = JSON.stringify(error)
  texts.set(error, text)
  return text
}

/** JSON that Sheaf itself wrote, in a column that only Sheaf writes: its type is known. */
const decode = <T>(text: string): T => JSON.parse(text) as T

export const toJob = (row: JobRow): OpenJob => ({
  number: row.number,
  id: row.id,
  name: row.name ?? undefined,
  state: row.state,
  rule: { mode: row.mode, tolerate: decode<Tolerance>(row.tolerate), quorum: row.quorum },
  outcome: row.outcome ?? undefined,
  decidedBy: row.decidedBy ?? undefined,
  error: row.error === null ? undefined : decode<Failure>(row.error),
  counts: toCounts(row),
  sealed: row.sealed,
  seq: row.seq,
  concurrency: row.concurrency ?? undefined,
  priority: row.priority,
  labels: decode<Record<string, string>>(row.labels),
  defaults: decode<TaskDefaults>(row.defaults),
  template: row.template ?? undefined,
  linked: row.linked,
  createdAt: row.createdAt,
  startedAt: row.startedAt ?? undefined,
  finishedAt: row.finishedAt ?? undefined,
  timeoutMs: row.timeoutMs ?? undefined,
  deadlineAt: row.deadlineAt ?? undefined,
  keepMs: row.keepMs ?? undefined,
  expiresAt: row.expiresAt ?? undefined,
  runAt: row.runAt ?? undefined,
  schedule: row.schedule ?? undefined,
  owner: row.owner,
  idempotencyKey: row.idempotencyKey ?? undefined,
  sealAt: row.sealAt ?? undefined,
  sealTimeoutMs: row.sealTimeoutMs ?? undefined,
  ready: row.ready,
  pass: row.pass,
  counted: row.queued + row.blocked,
  webhook: row.webhook === null ? undefined : decode<Webhook>(row.webhook),
  endpoint: row.endpoint ?? undefined,
})

const toCounts = (row: JobRow): Counts => ({
  total: row.total,
  blocked: row.blocked,
  queued: row.queued,
  running: row.running,
  succeeded: row.succeeded,
  failed: row.failed,
  cancelled: row.cancelled,
})

/** The columns that change after a job was submitted. */
export const fromJob = (job: OpenJob) => ({
  ...job.counts,
  number: job.number,
  state: job.state,
  outcome: job.outcome ?? null,
  decidedBy: job.decidedBy ?? null,
  error: job.error === undefined ? null : JSON.stringify(job.error),
  sealed: job.sealed ? 1 : 0,
  seq: job.seq,
  startedAt: job.startedAt ?? null,
  finishedAt: job.finishedAt ?? null,
  deadlineAt: job.deadlineAt ?? null,
  expiresAt: job.expiresAt ?? null,
  ready: job.ready ? 1 : 0,
  pass: job.pass,
  runAt: job.runAt ?? null,
  sealAt: job.sealAt ?? null,
  linked: job.linked ? 1 : 0,
})

type ShownRow = Pick<
  TaskRow,
  | 'index'
  | 'key'
  | 'kind'
  | 'state'
  | 'attempt'
  | 'seq'
  | 'runAt'
  | 'startedAt'
  | 'finishedAt'
  | 'output'
  | 'error'
>

export const toTask = (row: ShownRow, queue: string): TaskRecord => ({
  index: row.index,
  key: row.key ?? undefined,
  kind: row.kind,
  queue,
  state: stateOf(row.state),
  attempt: row.attempt,
  seq: row.seq,
  runAt: row.runAt,
  startedAt: row.startedAt ?? undefined,
  finishedAt: row.finishedAt ?? undefined,
  output: row.output ?? undefined,
  error: errorOf(row),
})

export const toWholeTask = (
  row: ShownRow & Pick<TaskRow, 'input' | 'options'> & { queue: string },
): WholeTaskRecord => ({
  ...toTask(row, row.queue),
  input: row.input,
  options: row.options ?? undefined,
})

/** A running task's row still holds the error of the attempt before: clearing it would cost every claim a write. */
const errorOf = ({ state, error }: Pick<TaskRow, 'state' | 'error'>): string | undefined =>
  state === codeOf('running') ? undefined : (error ?? undefined)

type ChangeRow = Pick<
  TaskRow,
  'index' | 'key' | 'state' | 'attempt' | 'seq' | 'runAt' | 'output' | 'error'
> & {
  outputBytes: number | null
}

export const toChange = (row: ChangeRow): TaskChange => {
  const state = stateOf(row.state)
  return {
    index: row.index,
    key: row.key ?? undefined,
    state,
    attempt: row.attempt,
    seq: row.seq,
    runAt: state === 'queued' ? row.runAt : undefined,
    output: row.output ?? undefined,
    outputBytes: row.outputBytes ?? 0,
    error: errorOf(row),
  }
}

export const toFailure = (row: typeof failures.$inferSelect): AttemptFailure => ({
  attempt: row.attempt,
  startedAt: row.startedAt,
  finishedAt: row.finishedAt,
  error: row.error,
})
