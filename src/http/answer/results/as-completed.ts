import { hasEnded } from '../../../job/state.ts'
import type { Store, TaskEnd } from '../../../store/store.ts'
import { firstPage, pageLength, sizeAfter } from '../task-pages.ts'
import type { Bell } from './bell.ts'

export interface Source {
  store: Store
  bell: Bell
  /** The id of the job. */
  job: string
}

/**
 * What came of each task, in the order in which they ended, past `after`; as it ends, until the job has. Read from the log, as
 * fast as it is taken. A task that is taken up again (`retry`) comes again, when it ends again.
 */
export async function* asCompleted({ store, bell, job }: Source, after: number): AsyncGenerator<TaskEnd[]> {
  let seq = after
  let limit = firstPage
  for (;;) {
    const ends = await store.ends(job, { after: seq, limit, bytes: pageLength })
    if (ends === undefined) throw lostJob(job)
    if (ends.tasks.length > 0) {
      yield ends.tasks
      limit = sizeAfter(ends.tasks)
    }
    seq = ends.seq
    if (ends.more) continue
    if (!hasEnded(ends.job.state)) await bell.rung()
    // As of when the last of them was taken, not when it was read: the job may have been taken up again in between.
    else if (ends.tasks.length === 0) return
  }
}

export const lostJob = (job: string) => new Error(`Job ${job} was deleted while its results were read`)
