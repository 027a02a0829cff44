import { moveTask } from '../../job/ledger.ts'
import { decide } from '../../job/modes.ts'
import type { Claim, NewTask } from '../store.ts'
import type { Books } from './books.ts'
import { share } from './claim.ts'
import { claimOf } from './claimed.ts'
import type { QueueNames } from './queues.ts'
import type { Rooms } from './rooms.ts'
import type { OpenJob } from './rows.ts'
import { tell } from './tell.ts'

/**
 * Starts new jobs as they are submitted: those whose tasks would all be claimed in the same commit, as nobody is before them. They are
 * written once, as they are then, and not as what waits, is looked for, and no longer waits: of the 50 µs that the two commits of a
 * one-task job take, that is 15.
 */
export class Starter {
  readonly claims: Claim[] = []
  #isFirst: boolean | undefined

  constructor(
    readonly books: Books,
    readonly names: QueueNames,
    readonly rooms: Rooms,
    /** How many tasks may be claimed. */
    readonly most: number,
  ) {}

  /** Whether a job that was not written yet may start at once, all of its tasks. If not, those after it wait for their turn too. */
  mayStart(job: OpenJob, tasks: readonly NewTask[]): boolean {
    const most = Math.min(share(job), this.most - this.claims.length, this.books.roomOf(job))
    const may =
      tasks.length > 0 &&
      tasks.length <= most &&
      job.counts.queued === tasks.length &&
      decide(job.rule, job) === undefined &&
      this.#isNext() &&
      tasks.every((task) => this.#isOpen(task))
    if (!may && tasks.length > 0) this.#isFirst = false
    return may
  }

  /** Counts the tasks of a job as claimed, which is then to be written, with them. */
  claim(job: OpenJob): void {
    job.startedAt = this.books.now
    this.books.serve(job, job.counts.queued)
    job.ready = false
    while (job.counts.queued > 0) moveTask(job, 'queued', 'claim')
  }

  /** Writes the tasks of a job that was written and counts them as claimed. */
  write(job: OpenJob, tasks: readonly NewTask[]): void {
    const { books, names, rooms } = this
    const { now } = books
    const first = job.seq - tasks.length + 1
    for (const [index, { key = null, options = null, kind, queue, input }] of tasks.entries()) {
      const queueNumber = names.numberOf(queue)
      const seq = first + index
      const row = { job: job.number, index, kind, queue: queueNumber, seq, now, key, options, input }
      books.statements.insertStarted.run(row)
      rooms.take(queueNumber, 1)
      const task = { index, key, kind, failures: 0, waitedMs: 0, input, options }
      const claim = claimOf(job, task, { queue, queueNumber, attempt: 1, now })
      tell({ books, job, claim }, { state: 'running', seq })
      this.claims.push(claim)
    }
    books.written(job)
  }

  /** Whether no job is ready that came before. */
  #isNext(): boolean {
    this.#isFirst ??= this.books.statements.jobsInTurn.get({ limit: 1 }) === undefined
    return this.#isFirst
  }

  /** Whether a task is due, in a queue that takes any number of them. */
  #isOpen({ queue, runAt = 0 }: NewTask): boolean {
    return runAt <= this.books.now && this.rooms.of(this.names.numberOf(queue)) === Number.POSITIVE_INFINITY
  }
}
