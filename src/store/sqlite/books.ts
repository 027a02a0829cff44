import { finish, moveTask } from '../../job/ledger.ts'
import { type JobState, nextTaskState, type TaskState, type TaskTrigger } from '../../job/state.ts'
import type { JobChange, TaskChange } from '../store.ts'
import { Lanes } from './lanes.ts'
import type { OwnersBook } from './owners.ts'
import type { QueueNames } from './queues.ts'
import { RecentJobs } from './recent.ts'
import { fromJob, type JobRow, type OpenJob, toJob } from './rows.ts'
import type { Statements } from './statements/index.ts'
import { announce } from './webhooks.ts'

/** What a webhook was told of last: the state, and how many of the changes of tasks in this transaction. */
interface Known {
  state: JobState | undefined
  tasks: number
}

/** One task claimed at priority 1 moves its job back by this much; it divides evenly by every priority from 1 to 9. */
export const stride = 2520
/**
 * The jobs that one transaction touches: each is read once, changed in memory by the rules of the domain,
 * and written once; and what there will be to tell its followers when the transaction has committed.
 */
export class Books {
  readonly changes = new Map<number, JobChange>()
  readonly lanes: Lanes
  /** What the webhooks of jobs know of them. */
  readonly known = new Map<number, Known>()
  readonly endpoints = new Map<string, OpenJob>()
  #jobs = new Map<number, OpenJob>()
  /** The seq that each job had before this transaction. */
  #since = new Map<number, number>()
  #dirty = new Set<OpenJob>()
  /** The change of the job that was touched last, and not written since: the next one is mostly of the same. */
  #touched: JobChange | undefined

  constructor(
    readonly statements: Statements,
    readonly now: number,
    /** How far the jobs that were served have come: where a job that becomes ready joins the turns. */
    public turn: number,
    readonly owners: OwnersBook,
    readonly queues: QueueNames,
    /** How many tasks beyond its concurrency a job may have claimed. */
    readonly ahead = 0,
    readonly recent = new RecentJobs(),
  ) {
    this.lanes = new Lanes(statements, now)
  }

  byNumber(number: number): OpenJob | undefined {
    const known = this.#jobs.get(number)
    if (known) return known
    const recent = this.recent.copyOf(number)
    return recent ? this.#open(recent) : this.#add(this.statements.jobByNumber.get({ number }))
  }

  byId(id: string): OpenJob | undefined {
    return this.adopt(this.statements.jobById.get({ id }))
  }

  /** The job of a row that was read by other means: as this transaction has it, if it was touched before. */
  adopt(row: JobRow | undefined): OpenJob | undefined {
    return row === undefined ? undefined : (this.#jobs.get(row.number) ?? this.#add(row))
  }

  enter(job: OpenJob, since = job.seq, state?: JobState): void {
    if (job.webhook) this.known.set(job.number, { state, tasks: 0 })
    this.#jobs.set(job.number, job)
    this.#since.set(job.number, since)
  }

  /** Takes in a job that was just written as it is: it has to be told, and only what changes it is to be written. */
  created(job: OpenJob): void {
    this.enter(job, 0)
    this.moved(job)
    this.written(job)
    if (job.webhook) announce(this, job, job.webhook)
  }

  /** Says that a job was written as it is now, or is not to be. */
  written(job: OpenJob): void {
    this.#dirty.delete(job)
    this.#touched = undefined
  }

  /** Says that a job was changed, and has to be written and told. */
  touch(job: OpenJob): JobChange {
    if (this.#touched?.job === job) return this.#touched
    this.#dirty.add(job)
    this.#touched = this.changes.get(job.number) ?? this.#begin(job)
    return this.#touched
  }

  #begin(job: OpenJob): JobChange {
    const since = this.#since.get(job.number) ?? job.seq
    const change: JobChange = { job, since, moved: false, deleted: false, tasks: [] }
    this.changes.set(job.number, change)
    return change
  }

  /** A change of the job itself: its followers get its snapshot. */
  moved(job: OpenJob): void {
    this.touch(job).moved = true
  }

  /** Moves one task along the machine, in its queue too; returns the seq of this change. */
  move(job: OpenJob, queue: number, from: TaskState, trigger: TaskTrigger): number {
    this.#count(job, queue, from, -1)
    const seq = moveTask(job, from, trigger)
    this.#count(job, queue, nextTaskState(from, trigger), 1)
    return seq
  }

  /** Tasks of the job, moved one by one, are queued no more. */
  dequeued(job: OpenJob, queue: number, count: number): void {
    this.#count(job, queue, 'queued', -count)
  }

  told(job: OpenJob, task: TaskChange): void {
    this.touch(job).tasks.push(task)
  }

  /** The job is gone: there is nothing left to write. */
  forget(job: OpenJob): void {
    const change = this.touch(job)
    change.deleted = true
    this.written(job)
  }

  /** Puts the job back in its place among those that take turns, after it claimed `claimed` tasks. */
  serve(job: OpenJob, claimed: number): void {
    job.pass += (claimed * stride) / job.priority
    // With each service, so that a stream of small jobs, of which each is served once, cannot hold time still for the rest.
    this.turn = Math.max(this.turn, job.pass)
  }

  /** Writes every job that was changed: finished if it can be, and ready if it has something to run. */
  save(): void {
    for (const job of this.#dirty) {
      if (!finish(job, this.now)) continue
      this.moved(job)
      job.expiresAt = job.keepMs === undefined ? undefined : this.now + job.keepMs
    }
    // This may change more of them: the endpoints of their webhooks.
    for (const job of this.#dirty) if (job.webhook) announce(this, job, job.webhook)
    for (const job of this.#dirty) {
      if (job.state !== 'scheduled') job.runAt = undefined
      if (job.outcome !== undefined) job.sealAt = undefined
      this.#place(job)
      this.owners.count(job)
      this.statements.saveJob.run(fromJob(job))
    }
    this.#dirty.clear()
    this.#touched = undefined
  }

  /** Writes what is left to write once nothing else will happen. */
  close(): void {
    this.lanes.save()
    this.owners.save()
  }

  /** Whether the job may claim. */
  #place(job: OpenJob): void {
    const wasReady = job.ready
    this.lanes.place(job)
    job.ready = this.roomOf(job) > 0 && this.lanes.isReady(job.number)
    // Not behind, as it did not wait for a turn; nor ahead, as it would be when the turns began anew with the server.
    if (job.ready && !wasReady) job.pass = this.turn
  }

  #count(job: OpenJob, queue: number, state: TaskState | undefined, by: number): void {
    if (state === 'queued') this.lanes.touch(job.number, queue)
    if (state === 'queued' || state === 'blocked') this.lanes.count(queue, state, by)
  }

  /** How many tasks the job may claim now. */
  roomOf({ state, counts, concurrency }: OpenJob): number {
    if (state !== 'running') return 0
    if (concurrency === undefined) return counts.queued
    const ahead = concurrency < leastAhead ? 0 : Math.min(this.ahead, 3 * concurrency)
    return Math.min(counts.queued, concurrency + ahead - counts.running)
  }

  /** Every job that was read or written. */
  get jobs(): Iterable<OpenJob> {
    return this.#jobs.values()
  }

  #add(row: JobRow | undefined): OpenJob | undefined {
    return row && this.#open(toJob(row))
  }

  #open(job: OpenJob): OpenJob {
    this.enter(job, job.seq, job.state)
    return job
  }
}

/** A job that runs fewer tasks at once cares more for that number than for speed: it claims nothing ahead. */
const leastAhead = 16
