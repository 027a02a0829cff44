import type { TaskState } from '../../job/state.ts'
import type { JobRecord, Page, Store, TaskRecord } from '../../store/store.ts'

export interface TaskPagesQuery {
  state?: TaskState | undefined
  /** The index to begin at. */
  from?: number | undefined
  /** How many tasks at most, over all pages. */
  limit?: number
}

/** What a page is to weigh, in characters of output. One output may be 16 MiB, another 4 bytes. */
export const pageLength = 1_048_576
export const firstPage = 16
const largestPage = 500

/** Tasks in input order, in pages that fit memory: each is as large as the weight of the one before allows. */
export async function* taskPages(
  store: Store,
  job: JobRecord,
  { state, from, limit = Number.POSITIVE_INFINITY }: TaskPagesQuery = {},
): AsyncGenerator<Page<TaskRecord>> {
  let left = limit
  let size = firstPage
  let next = from
  do {
    const page = await store.tasks(job, { state, from: next, limit: Math.min(size, left) })
    yield page
    next = page.next
    left -= page.data.length
    size = sizeAfter(page.data)
  } while (next !== undefined && left > 0)
}

type Outcome = Pick<TaskRecord, 'output' | 'error'>

export const lengthOf = (tasks: readonly Outcome[]): number =>
  tasks.reduce((sum, { output, error }) => sum + (output?.length ?? 0) + (error?.length ?? 0) + 100, 0)

/** How many tasks the page after one of these is to have. */
export const sizeAfter = (tasks: readonly Outcome[]): number => {
  const each = lengthOf(tasks) / Math.max(1, tasks.length)
  return Math.min(largestPage, Math.max(1, Math.floor(pageLength / Math.max(1, each))))
}
