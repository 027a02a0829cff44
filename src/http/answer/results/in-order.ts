import { hasEnded } from '../../../job/state.ts'
import type { Store, TaskEnd, TaskRecord } from '../../../store/store.ts'
import { firstPage, sizeAfter } from '../task-pages.ts'
import { lostJob, type Source } from './as-completed.ts'

export interface Start {
  /** The index to begin with. */
  from: number
  /** The seq with which the job is known to have ended, if it has. */
  endedAs: number | undefined
}

/**
 * What came of each task, in input order; each as soon as all before it have ended, until the job has. What was given is not given
 * again: should the job be taken up again (`retry`) once it is known to have ended, this throws.
 */
export async function* inOrder({ store, bell, job: id }: Source, start: Start): AsyncGenerator<TaskEnd[]> {
  let { from: next, endedAs } = start
  let limit = firstPage
  for (;;) {
    const job = await store.job(id)
    if (job === undefined) throw lostJob(id)
    if (endedAs !== undefined && job.seq !== endedAs) throw takenUpAgain(id)
    if (hasEnded(job.state)) endedAs = job.seq
    const page = await store.tasks(job, { from: next, limit })
    const ended = endedFirst(page.data)
    if (ended.length > 0) yield ended
    // Who waits for one looks at that one alone, whatever ends behind it.
    limit = ended.length < page.data.length ? 1 : sizeAfter(ended)
    next += ended.length
    if (ended.length === page.data.length && page.next !== undefined) continue
    if (endedAs !== undefined) return await checkEnd(store, id, { seq: endedAs, given: next })
    await bell.rung()
  }
}

/** Throws unless all was given, and the job still is as it was. */
const checkEnd = async (
  store: Store,
  id: string,
  { seq, given }: { seq: number; given: number },
): Promise<void> => {
  const job = await store.job(id)
  if (job === undefined) throw lostJob(id)
  if (job.seq !== seq || given < job.counts.total) throw takenUpAgain(id)
}

/** The first of these, up to one that has not ended. */
const endedFirst = (tasks: readonly TaskRecord[]): TaskEnd[] => {
  const ends: TaskEnd[] = []
  for (const { index, key, state, attempt, seq, output, error } of tasks) {
    if (!hasEnded(state)) break
    ends.push({ index, key, state, attempt, seq, output, error })
  }
  return ends
}

const takenUpAgain = (id: string) => new Error(`Job ${id} was taken up again while its results were read`)
