import type { JobRecord } from '../../store/store.ts'

/** What a job's pages depend on. */
type Version = Pick<JobRecord, 'number' | 'seq' | 'endpoint'>

interface Kept {
  /** The seq that the job had. */
  seq: number
  text: string
}

/** How much is kept, in characters, keys included. */
const mostKept = 4 * 1024 * 1024
/** What the place of a page takes beside its characters, at most. */
const overhead = 200

/**
 * The pages that were asked for last, as text. A job's seq rises with each change of any of its tasks, so one of the same seq has the
 * same pages: to read 100 tasks again takes five times as long as all else that there is to an answer. A page into which a
 * commit came while it was read is kept by the seq from before, and so never found.
 */
export class KeptPages {
  readonly #pages = new Map<string, Kept>()
  #length = 0

  constructor(readonly most = mostKept) {}

  /** The page of a job, as it stands, that was asked for with this query. */
  find(job: Version, query: string): string | undefined {
    const key = keyOf(job, query)
    const page = this.#pages.get(key)
    if (page?.seq !== job.seq) return undefined
    // The one that was wanted last is the last to go.
    this.#pages.delete(key)
    this.#pages.set(key, page)
    return page.text
  }

  /** Takes the place of the page as it was before. Those of an endpoint are not kept: deliveries are forgotten, and it has the same seq. */
  keep(job: Version, query: string, text: string): void {
    if (job.endpoint !== undefined) return
    const key = keyOf(job, query)
    this.#drop(key)
    const length = lengthOf(key, text)
    if (length > this.most / 4) return
    this.#pages.set(key, { seq: job.seq, text })
    this.#length += length
    for (const oldest of this.#pages.keys()) {
      if (this.#length <= this.most) break
      this.#drop(oldest)
    }
  }

  /** How much is kept now. */
  get length(): number {
    return this.#length
  }

  #drop(key: string): void {
    const page = this.#pages.get(key)
    if (page === undefined) return
    this.#pages.delete(key)
    this.#length -= lengthOf(key, page.text)
  }
}

const keyOf = ({ number }: Version, query: string): string => `${number}?${query}`
const lengthOf = (key: string, text: string): number => key.length + text.length + overhead
