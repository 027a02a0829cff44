import { expect } from 'bun:test'
import { noTasks } from '../../src/job/counts.ts'
import type { JobRecord, Store, TaskRecord } from '../../src/store/store.ts'
import { isOver, type Job, type Task } from './job.ts'
import type { Service } from './service.ts'

/** What the store has of a job. */
export interface Found {
  record: JobRecord
  rows: TaskRecord[]
}

/** What was found the last time. */
interface Seen {
  seq: number
  counts: object
  rows: TaskRecord[]
  gists: Gist[]
  /** How many failures of each task were looked at. */
  failures: number[]
}

const same = (actual: unknown, wanted: unknown): void => {
  if (!Bun.deepEquals(actual, wanted)) expect(actual).toEqual(wanted)
}

/** Holds all that the store has to what it ought to have. */
export class Comparison {
  #seen = new Map<string, Seen>()

  /** What the store has of each job, so that nobody has to read it again. What has not changed is not looked at as closely. */
  async check(store: Store, service: Service): Promise<Map<string, Found>> {
    const found = new Map<string, Found>()
    for (const job of service.jobs) {
      const record = await store.job(job.id)
      if (record === undefined) throw new Error(`job#${job.ref} is not there`)
      const gists = job.tasks.map(gistOfTask)
      const seen = this.#seen.get(job.id)
      const isNews = record.seq !== seen?.seq || !Bun.deepEquals(gists, seen.gists)
      const rows = isNews ? (await store.tasks(record, { limit: 1_000 })).data : seen.rows
      this.#checkJob(job, record)
      if (isNews) this.#checkTasks(job, rows, gists)
      this.#checkSeqs(job, record, rows, gists)
      await this.#checkFailures(store, job, record)
      found.set(job.id, { record, rows })
    }
    same(await store.queues({ limit: 1_000 }), queuesOf(service))
    return found
  }

  /** The same with everything read anew, and that there is nothing else. */
  async checkAll(store: Store, service: Service): Promise<void> {
    const { data } = await store.jobs({ limit: 1_000 })
    same(
      data.map(({ id }) => id),
      service.jobs.map(({ id }) => id).reverse(),
    )
    for (const record of data) {
      const job = service.job(record.id)
      const { data: rows } = await store.tasks(record, { limit: 1_000 })
      if (job) this.#checkTasks(job, rows, job.tasks.map(gistOfTask))
    }
  }

  #checkJob(job: Job, record: JobRecord): void {
    same(gistOfRecord(record), gistOfJob(job))
    if (record.decidedBy === undefined)
      same({ [`job#${job.ref} decidedBy`]: job.deciders }, { [`job#${job.ref} decidedBy`]: [] })
    else expect(job.deciders).toContain(record.decidedBy)
  }

  #checkTasks(job: Job, rows: readonly TaskRecord[], gists: readonly Gist[]): void {
    same(rows.map(gistOfRow), gists)
    for (const [index, { error }] of rows.entries()) {
      const task = job.tasks[index]
      if (!task || !isOver(task.state) || task.state === 'succeeded') continue
      expect(task.codes).toContain((JSON.parse(error ?? '{}') as { code?: string }).code ?? 'none')
    }
  }

  /** A seq rises with every change, and with nothing else; and no two changes share one. */
  #checkSeqs(job: Job, record: JobRecord, rows: TaskRecord[], gists: Gist[]): void {
    const before = this.#seen.get(job.id)
    const name = `job#${job.ref}`
    const seqs = rows.map(({ seq }) => seq).filter((seq) => seq > 0)
    if (new Set(seqs).size < seqs.length) throw new Error(`${name} has tasks of the same seq: ${seqs}`)
    if (Math.max(0, ...seqs) > record.seq) throw new Error(`${name} has a seq below that of a task`)
    for (const [index, { seq, state }] of rows.entries()) {
      const known = before?.rows[index]
      if (before === undefined || known === undefined) continue
      const changed = !Bun.deepEquals(before.gists[index], gists[index])
      const moved = `t${index} of ${name} went from seq ${known.seq} to ${seq}`
      if (seq < known.seq) throw new Error(moved)
      if (changed && seq <= before.seq)
        throw new Error(`${moved} and changed, when ${before.seq} had been seen`)
      if (state === 'succeeded' && !changed && seq > known.seq)
        throw new Error(`${moved} when it had succeeded`)
    }
    const changed = before !== undefined && !Bun.deepEquals(record.counts, before.counts)
    if (before && (record.seq < before.seq || (changed && record.seq === before.seq)))
      throw new Error(`${name} changed, and its seq went from ${before.seq} to ${record.seq}`)
    const failures = before?.failures ?? rows.map(() => 0)
    this.#seen.set(job.id, { seq: record.seq, counts: record.counts, rows, gists, failures })
  }

  async #checkFailures(store: Store, job: Job, record: JobRecord): Promise<void> {
    const seen = this.#seen.get(job.id)
    for (const { index, failures } of job.tasks) {
      if (seen === undefined || seen.failures[index] === failures.length) continue
      seen.failures[index] = failures.length
      const rows = await store.failures(record, index)
      same(
        rows.map(({ attempt, error }) => [attempt, (JSON.parse(error) as { code: string }).code]),
        failures,
      )
    }
  }
}

const gistOfRecord = (record: JobRecord) => ({
  state: record.state,
  outcome: record.outcome,
  code: record.error?.code as string | undefined,
  counts: record.counts,
  runAt: record.state === 'scheduled' ? record.runAt : undefined,
  deadlineAt: record.deadlineAt,
  createdAt: record.createdAt,
  startedAt: record.startedAt,
  finishedAt: record.finishedAt,
})

const gistOfJob = (job: Job): ReturnType<typeof gistOfRecord> => ({
  state: job.state,
  outcome: job.outcome,
  code: job.code,
  counts: countsOf(job),
  runAt: job.state === 'scheduled' ? job.runAt : undefined,
  deadlineAt: job.deadlineAt,
  createdAt: job.createdAt,
  startedAt: job.startedAt,
  finishedAt: job.finishedAt,
})

const countsOf = ({ tasks }: Job) => {
  const counts = { ...noTasks(), total: tasks.length }
  for (const { state } of tasks) counts[state] += 1
  return counts
}

const gistOfRow = (row: TaskRecord) => ({
  index: row.index,
  queue: row.queue,
  state: row.state,
  attempt: row.attempt,
  runAt: row.state === 'queued' ? row.runAt : undefined,
  startedAt: row.state === 'running' ? row.startedAt : undefined,
  finishedAt: isOver(row.state) ? row.finishedAt : undefined,
  output: row.output,
})

type Gist = ReturnType<typeof gistOfRow>

const gistOfTask = (task: Task): Gist => ({
  index: task.index,
  queue: task.plan.queue,
  state: task.state,
  attempt: task.attempt,
  runAt: task.state === 'queued' ? task.runAt : undefined,
  startedAt: task.state === 'running' ? task.claimedAt : undefined,
  finishedAt: task.finishedAt,
  output: task.output,
})

const queuesOf = ({ jobs }: Service) => {
  const queues = new Map<string, { name: string; queued: number; blocked: number }>()
  for (const { tasks } of jobs)
    for (const { plan, state } of tasks) {
      if (state !== 'queued' && state !== 'blocked') continue
      const queue = queues.get(plan.queue) ?? { name: plan.queue, queued: 0, blocked: 0 }
      queues.set(plan.queue, queue)
      queue[state] += 1
    }
  return [...queues.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}
