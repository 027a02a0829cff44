import type { Dependency } from '../../job/graph.ts'
import { addTasks } from '../../job/ledger.ts'
import { hasEnded, type TaskState } from '../../job/state.ts'
import type { NewTask } from '../submission.ts'
import type { Books } from './books.ts'
import { cancelDependant, insertEdges, type NewEdge } from './dependants.ts'
import { NewRows } from './new-rows.ts'
import type { QueueNames } from './queues.ts'
import { codeOf, type OpenJob, stateOf } from './rows.ts'

const queuedCode = codeOf('queued')
const blockedCode = codeOf('blocked')

/** Which task is to be put where. */
export interface Insertion {
  job: OpenJob
  tasks: readonly NewTask[]
  /** The index of the first of them. */
  from: number
}

/** Whether a task of a new job waits: none that it may come after has ended. */
export const isBlocked = ({ after }: NewTask): boolean => after !== undefined && after.length > 0

/** Writes the tasks of a job that was written before, and counts them in its ledger if it was written without them. */
export const insertTasks = (books: Books, queues: QueueNames, { job, tasks, from }: Insertion): void => {
  const isNew = job.counts.total > from
  const rows = new NewRows(books.statements)
  const openings = new Openings(queues)
  const ends = new Ends(books, job, from)
  const earliest = Math.max(books.now, job.runAt ?? 0)
  let index = from
  for (const task of tasks) {
    const opening = openings.of(task.queue)
    const waiting = task.after?.length ? ends.wait(index, task.after) : 0
    const runAt = Math.max(earliest, task.runAt ?? 0)
    rows.add({
      job: job.number,
      index,
      state: waiting > 0 ? blockedCode : queuedCode,
      kind: task.kind,
      queue: opening.queue,
      waiting,
      runAt,
      key: task.key ?? null,
      options: task.options ?? null,
      input: task.input,
    })
    if (waiting === 0 && runAt < opening.dueAt) opening.dueAt = runAt
    opening[waiting > 0 ? 'blocked' : 'queued'] += 1
    index += 1
  }
  rows.end()
  openLanes(books, job, openings.all(), isNew)
  if (!isNew) countTasks(job, openings.all())
  for (const [index, dependency] of ends.doomed) {
    const task = tasks[index - from]
    if (task === undefined) continue
    const { queue } = openings.of(task.queue)
    cancelDependant(books, job, { index, queue, key: task.key ?? null, attempt: 0 }, dependency)
  }
}

/** What new tasks bring into one queue. */
interface Opening {
  queue: number
  queued: number
  blocked: number
  /** When the first of the queued ones is due. */
  dueAt: number
}

class Openings {
  readonly #openings = new Map<number, Opening>()
  #name: string | undefined
  #latest: Opening | undefined

  constructor(readonly queues: QueueNames) {}

  /** By the name of the queue. Those of tasks that follow each other are mostly the same. */
  of(name: string): Opening {
    if (this.#latest !== undefined && name === this.#name) return this.#latest
    const queue = this.queues.numberOf(name)
    const opening = this.#openings.get(queue) ?? {
      queue,
      queued: 0,
      blocked: 0,
      dueAt: Number.POSITIVE_INFINITY,
    }
    this.#openings.set(queue, opening)
    this.#name = name
    this.#latest = opening
    return opening
  }

  all(): Iterable<Opening> {
    return this.#openings.values()
  }
}

const openLanes = (books: Books, job: OpenJob, openings: Iterable<Opening>, isNew: boolean): void => {
  for (const { queue, queued, blocked, dueAt } of openings) {
    books.lanes.count(queue, 'queued', queued)
    books.lanes.count(queue, 'blocked', blocked)
    if (queued === 0) continue
    if (isNew) books.lanes.create(job.number, queue, dueAt)
    else books.lanes.touch(job.number, queue)
  }
}

const countTasks = (job: OpenJob, openings: Iterable<Opening>): void => {
  for (const { queued, blocked } of openings) {
    addTasks(job, 'queued', queued)
    addTasks(job, 'blocked', blocked)
  }
}

/** What has become of the tasks that new ones come after: those of the job from before may have ended by now. */
class Ends {
  /** New tasks that will not run, each with the one because of which. */
  readonly doomed = new Map<number, number>()
  #states = new Map<number, TaskState>()

  constructor(
    readonly books: Books,
    readonly job: OpenJob,
    /** The first of the new tasks. */
    readonly from: number,
  ) {}

  /** Records what a new task comes after; how many of these it waits for. */
  wait(index: number, after: readonly Dependency[]): number {
    const { books, job } = this
    const edges = insertEdges(books, job.number, index, after)
    job.linked = true
    const failed = edges.find((edge) => this.#fails(edge))
    if (failed) this.doomed.set(index, failed.task)
    return edges.filter((edge) => !this.#meets(edge)).length
  }

  #meets({ task, always }: NewEdge): boolean {
    const state = this.#stateOf(task)
    return state === 'succeeded' || (always && hasEnded(state))
  }

  #fails({ task, always }: NewEdge): boolean {
    const state = this.#stateOf(task)
    return !always && (state === 'failed' || state === 'cancelled')
  }

  #stateOf(task: number): TaskState {
    if (task >= this.from) return this.doomed.has(task) ? 'cancelled' : 'queued'
    const known = this.#states.get(task)
    if (known !== undefined) return known
    const row = this.books.statements.taskState.get({ job: this.job.number, index: task })
    const state = row === undefined ? 'queued' : stateOf(row.state)
    this.#states.set(task, state)
    return state
  }
}
