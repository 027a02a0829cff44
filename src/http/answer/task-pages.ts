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
const pageLength = 1_048_576
const firstPage = 16
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
    size = nextSize(page)
  } while (next !== undefined && left > 0)
}

export const lengthOf = ({ data }: Page<TaskRecord>): number =>
  data.reduce((sum, { output, error }) => sum + (output?.length ?? 0) + (error?.length ?? 0) + 100, 0)

const nextSize = (page: Page<TaskRecord>): number => {
  const each = lengthOf(page) / Math.max(1, page.data.length)
  return Math.min(largestPage, Math.max(1, Math.floor(pageLength / Math.max(1, each))))
}
