import type { Failure } from '../../job/errors.ts'
import type { Dependency } from '../../job/graph.ts'
import { noteEnd } from '../../job/ledger.ts'
import type { EndedState } from '../../job/state.ts'
import type { Books } from './books.ts'
import { cancelWaiting, type Waiting } from './cancel.ts'
import type { OpenJob } from './rows.ts'
import { tell } from './tell.ts'

/** That a new task comes after this one. */
export interface NewEdge {
  task: number
  /** Whether however that ends. */
  always: boolean
}

/** Records what a task comes after. A task named twice is met when both terms are. */
export const insertEdges = (
  books: Books,
  job: number,
  dependant: number,
  after: readonly Dependency[],
): NewEdge[] => {
  const always = new Map<number, boolean>()
  for (const { task, on } of after) always.set(task, on === 'ended' && (always.get(task) ?? true))
  const edges = [...always].map(([task, anyhow]): NewEdge => ({ task, always: anyhow }))
  for (const edge of edges) books.statements.insertEdge.run({ ...edge, job, dependant })
  return edges
}

/**
 * What the end of a task means for those that wait for it: one that has all it waited for is queued; one that
 * needed a success it will not get is cancelled, and so are, in turn, those that wait for that one.
 */
export const freeDependants = (books: Books, job: OpenJob, index: number, state: EndedState): void => {
  const ends = [{ index, state }]
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
    for (const task of books.statements.dependants.all({ job: job.number, task: end.index })) {
      // A job that stops sweeps up whatever waits.
      if (job.outcome !== undefined) return
      if (end.state === 'succeeded' || task.always) meet(books, job, task)
      else {
        cancelDependant(books, job, task, end.index)
        ends.push({ index: task.index, state: 'cancelled' })
      }
    }
  }
}

interface Dependant extends Waiting {
  waiting: number
  runAt: number
}

const meet = (books: Books, job: OpenJob, task: Dependant): void => {
  if (task.waiting > 1) {
    books.statements.wantLess.run({ job: job.number, index: task.index })
    return
  }
  const seq = books.move(job, task.queue, 'blocked', 'unblock')
  const runAt = Math.max(books.now, task.runAt)
  books.statements.unblockTask.run({ job: job.number, index: task.index, seq, runAt })
  const claim = { ...task, key: task.key ?? undefined }
  tell({ books, job, claim }, { state: 'queued', seq, runAt })
}

/** Cancels a task that needed a success it will not get. */
export const cancelDependant = (books: Books, job: OpenJob, task: Waiting, dependency: number): void => {
  const error: Failure = {
    code: 'dependency_failed',
    message: `Task ${dependency}, which this one comes after, did not succeed.`,
    details: { task: dependency },
  }
  cancelWaiting(books, job, 'blocked', task, error)
  if (noteEnd(job, task.index, 'cancelled', error)) books.moved(job)
}

/** A task that was just put back into the queue. */
export interface Revived {
  index: number
  queue: number
  key: string | undefined
  attempt: number
  seq: number
}

/** Of the tasks of a linked job that were revived, those that come after others wait for them once more. */
export const blockAgain = (books: Books, job: OpenJob, revived: readonly Revived[]): void => {
  const blocked: [task: Revived, waiting: number][] = []
  for (const task of revived) {
    const waiting = books.statements.unmet.get({ job: job.number, index: task.index })?.count ?? 0
    if (waiting > 0) blocked.push([task, waiting])
    else tell({ books, job, claim: task }, { state: 'queued', seq: task.seq, runAt: books.now })
  }
  for (const [task, waiting] of blocked) {
    const seq = books.move(job, task.queue, 'queued', 'block')
    books.statements.blockTask.run({ job: job.number, index: task.index, waiting, seq })
    tell({ books, job, claim: task }, { state: 'blocked', seq })
  }
}
