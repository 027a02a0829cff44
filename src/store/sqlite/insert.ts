import { addTasks } from '../../job/ledger.ts'
import { hasEnded, type TaskState } from '../../job/state.ts'
import type { NewTask } from '../submission.ts'
import type { Books } from './books.ts'
import { cancelDependant, insertEdges, type NewEdge } from './dependants.ts'
import type { QueueNames } from './queues.ts'
import { codeOf, type OpenJob, stateOf } from './rows.ts'

const queuedCode = codeOf('queued')
const blockedCode = codeOf('blocked')

/** What new tasks bring into one queue. */
interface Opening {
  queued: number
  blocked: number
  /** When the first of the queued ones is due. */
  dueAt: number
}

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
  const lanes = new Map<number, Opening>()
  const ends = new Ends(books, job, from)
  const doomed: [task: number, dependency: number, queue: number][] = []
  for (const [offset, task] of tasks.entries()) {
    const index = from + offset
    const queue = queues.numberOf(task.queue)
    const runAt = Math.max(books.now, job.runAt ?? 0, task.runAt ?? 0)
    const edges = task.after?.length ? insertEdges(books, job.number, index, task.after) : []
    const failed = edges.find((edge) => ends.fails(edge))
    const waiting = edges.filter((edge) => !ends.meets(edge)).length
    if (failed) {
      doomed.push([index, failed.task, queue])
      ends.cancelled.add(index)
    }
    books.statements.insertTask.run({
      job: job.number,
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
    const lane = lanes.get(queue) ?? { queued: 0, blocked: 0, dueAt: Number.POSITIVE_INFINITY }
    lanes.set(queue, lane)
    if (waiting === 0) lane.dueAt = Math.min(lane.dueAt, runAt)
    lane[waiting > 0 ? 'blocked' : 'queued'] += 1
    if (edges.length > 0) job.linked = true
  }
  openLanes(books, job, lanes, isNew)
  if (!isNew) countTasks(job, lanes)
  for (const [index, dependency, queue] of doomed) {
    const key = tasks[index - from]?.key ?? null
    cancelDependant(books, job, { index, queue, key, attempt: 0 }, dependency)
  }
}

const openLanes = (books: Books, job: OpenJob, lanes: ReadonlyMap<number, Opening>, isNew: boolean): void => {
  for (const [queue, { queued, blocked, dueAt }] of lanes) {
    books.lanes.count(queue, 'queued', queued)
    books.lanes.count(queue, 'blocked', blocked)
    if (queued === 0) continue
    if (isNew) books.lanes.create(job.number, queue, dueAt)
    else books.lanes.touch(job.number, queue)
  }
}

const countTasks = (job: OpenJob, lanes: ReadonlyMap<number, Opening>): void => {
  for (const { queued, blocked } of lanes.values()) {
    addTasks(job, 'queued', queued)
    addTasks(job, 'blocked', blocked)
  }
}

/** What has become of the tasks that new ones come after: those of the job from before may have ended by now. */
class Ends {
  /** New tasks that will not run. */
  readonly cancelled = new Set<number>()
  #states = new Map<number, TaskState>()

  constructor(
    readonly books: Books,
    readonly job: OpenJob,
    /** The first of the new tasks. */
    readonly from: number,
  ) {}

  meets({ task, always }: NewEdge): boolean {
    const state = this.#stateOf(task)
    return state === 'succeeded' || (always && hasEnded(state))
  }

  fails({ task, always }: NewEdge): boolean {
    const state = this.#stateOf(task)
    return !always && (state === 'failed' || state === 'cancelled')
  }

  #stateOf(task: number): TaskState {
    if (task >= this.from) return this.cancelled.has(task) ? 'cancelled' : 'queued'
    const known = this.#states.get(task)
    if (known !== undefined) return known
    const row = this.books.statements.taskState.get({ job: this.job.number, index: task })
    const state = row === undefined ? 'queued' : stateOf(row.state)
    this.#states.set(task, state)
    return state
  }
}
