import { expect } from 'bun:test'
import { isBalanced, openOf } from '../../../src/job/counts.ts'
import { hasEnded, taskStates } from '../../../src/job/state.ts'
import type { QueueRecord } from '../../../src/store/flow.ts'
import type { JobRecord, NewTask, TaskRecord } from '../../../src/store/store.ts'

/** A job and its tasks, as they were read. */
export interface Moment {
  job: JobRecord
  rows: TaskRecord[]
}

/** What holds for a job and its tasks at any moment. */
export const checkJob = (job: JobRecord, rows: readonly TaskRecord[]): void => {
  expect(isBalanced(job.counts)).toBe(true)
  expect(job.counts.total).toBe(rows.length)
  for (const state of taskStates)
    expect(rows.filter((row) => row.state === state)).toHaveLength(job.counts[state])
  if (job.concurrency !== undefined) expect(job.counts.running).toBeLessThanOrEqual(job.concurrency)

  const seqs = rows.map(({ seq }) => seq).filter((seq) => seq > 0)
  expect(new Set(seqs).size).toBe(seqs.length)
  expect(Math.max(0, ...seqs)).toBeLessThanOrEqual(job.seq)

  expect(job.runAt !== undefined).toBe(job.state === 'scheduled')
  expect(job.outcome !== undefined).toBe(job.state === 'stopping' || hasEnded(job.state))
  expect(job.finishedAt !== undefined).toBe(hasEnded(job.state))
  if (hasEnded(job.state)) expect(job.outcome).toBe(job.state)
  expect(openOf(job.counts) === 0).toBe(hasEnded(job.state))
}

/** While its job is undecided, a task is blocked exactly as long as one that it comes after has yet to end as it needs. */
export const checkDependencies = (
  job: JobRecord,
  rows: readonly TaskRecord[],
  tasks: readonly Pick<NewTask, 'after'>[],
): void => {
  if (job.outcome !== undefined) return
  for (const { index, state } of rows.filter((row) => !hasEnded(row.state))) {
    const open = (tasks[index]?.after ?? []).filter(({ task, on }) => {
      const before = rows[task]?.state ?? 'blocked'
      return before !== 'succeeded' && !(on === 'ended' && hasEnded(before))
    })
    expect(open.length > 0).toBe(state === 'blocked')
    for (const { task } of open) expect(hasEnded(rows[task]?.state ?? 'blocked')).toBe(false)
  }
}

/** What holds between one moment and the next. */
export const checkMoves = (before: Moment, after: Moment, retried: boolean) => {
  expect(after.job.seq).toBeGreaterThanOrEqual(before.job.seq)
  if (before.job.outcome !== undefined && !retried) expect(after.job.outcome).toBe(before.job.outcome)
  for (const [i, row] of before.rows.entries()) {
    const now = after.rows[i] as TaskRecord
    expect(now.seq).toBeGreaterThanOrEqual(row.seq)
    expect(now.attempt).toBeGreaterThanOrEqual(row.attempt)
    if (row.state === 'succeeded' || (hasEnded(row.state) && !retried)) expect(now).toEqual(row)
    if (now.seq === row.seq) expect(now).toEqual(row)
    else expect(now.seq).toBeGreaterThan(before.job.seq)
  }
}

/** How many tasks wait in each queue, by the rows. */
export const queuesOf = (moments: Iterable<Moment>): QueueRecord[] => {
  const queues = new Map<string, QueueRecord>()
  for (const { rows } of moments)
    for (const { queue: name, state } of rows) {
      if (state !== 'queued' && state !== 'blocked') continue
      const record = queues.get(name) ?? { name, queued: 0, blocked: 0 }
      queues.set(name, record)
      record[state] += 1
    }
  return [...queues.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** What the interface says of a job, without what a dialect keeps beside it. */
export const recordOf = (job: JobRecord): JobRecord => ({
  number: job.number,
  id: job.id,
  name: job.name,
  state: job.state,
  rule: job.rule,
  counts: job.counts,
  sealed: job.sealed,
  seq: job.seq,
  outcome: job.outcome,
  decidedBy: job.decidedBy,
  error: job.error,
  startedAt: job.startedAt,
  finishedAt: job.finishedAt,
  concurrency: job.concurrency,
  priority: job.priority,
  labels: job.labels,
  createdAt: job.createdAt,
  runAt: job.runAt,
  deadlineAt: job.deadlineAt,
  schedule: job.schedule,
  webhook: job.webhook,
  endpoint: job.endpoint,
  defaults: job.defaults,
  template: job.template,
})
