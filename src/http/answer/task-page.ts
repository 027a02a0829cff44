import type { JobRecord, Store } from '../../store/store.ts'
import { toCursor } from '../request/cursor.ts'
import { lengthOf, type TaskPagesQuery, taskPages } from './task-pages.ts'
import { taskText } from './task-text.ts'

/** A page is cut short once it is so long, in characters; its `next` goes on from there. */
const longestPage = 8 * 1024 * 1024

/** A page of a job's tasks as JSON text. */
export const taskPage = async (store: Store, job: JobRecord, query: TaskPagesQuery): Promise<string> => {
  const texts: string[] = []
  let next: number | undefined
  let length = 0
  for await (const page of taskPages(store, job, query)) {
    for (const task of page.data) texts.push(taskText(task))
    next = page.next
    length += lengthOf(page.data)
    if (length > longestPage) break
  }
  const cursor = next === undefined ? 'null' : `"${toCursor('tasks', next)}"`
  return `{"data":[${texts.join(',')}],"next":${cursor}}`
}
