import type { JobRecord, Page, Store, TaskRecord } from '../../store/store.ts'
import { toCursor } from '../request/cursor.ts'
import { lengthOf, type TaskPagesQuery, taskPages } from './task-pages.ts'
import { taskText } from './task-text.ts'

/** A page is cut short once it is so long, in characters; its `next` goes on from there. */
const longestPage = 8 * 1024 * 1024

export interface TaskPage {
  text: string
  /** Whether it is as of the job's seq, and so is every page of that seq. */
  isOfJob: boolean
}

/** A page of a job's tasks as JSON text. */
export const taskPage = async (store: Store, job: JobRecord, query: TaskPagesQuery): Promise<TaskPage> => {
  const texts: string[] = []
  let next: number | undefined
  let length = 0
  let isOfJob = query.state === undefined && job.endpoint === undefined
  for await (const page of taskPages(store, job, query)) {
    for (const task of page.data) texts.push(taskText(task))
    isOfJob &&= isAsOf(job, page)
    next = page.next
    length += lengthOf(page.data)
    if (length > longestPage) break
  }
  const cursor = next === undefined ? 'null' : `"${toCursor('tasks', next)}"`
  return { text: `{"data":[${texts.join(',')}],"next":${cursor}}`, isOfJob }
}

/**
 * Whether no commit came between reading the job and its tasks: each change of a task has a seq past that of the job, and those
 * that are added come past its end. Of those in one state this does not say which have left it; nor of an endpoint, which ones are no
 * longer kept.
 */
const isAsOf = ({ seq, counts: { total } }: JobRecord, { data, next = 0 }: Page<TaskRecord>): boolean =>
  next < total && data.every((task) => task.seq <= seq && task.index < total)
