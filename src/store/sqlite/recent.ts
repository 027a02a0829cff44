import type { JobChange } from '../store.ts'
import type { OpenJob } from './rows.ts'

/** How many jobs are kept: more than run tasks at once, as a server is set up unless it is told otherwise. */
const mostJobs = 512
/** One with a longer template is not kept, in characters. */
const longestTemplate = 4_096

/**
 * The jobs that were used last, as they are on disk: an end of a task is mostly that of one of these, and whoever looks at a job looks again.
 * To read one of 45 columns takes 3 µs and the lock of the file, as much as all else that there is to a small answer. Every
 * change of a job goes through `Books`, so what is here is always the latest.
 */
export class RecentJobs {
  readonly #jobs = new Map<number, OpenJob>()
  readonly #numbers = new Map<string, number>()

  constructor(readonly most = mostJobs) {}

  /** Not to be changed. */
  byId(id: string): OpenJob | undefined {
    const number = this.#numbers.get(id)
    return number === undefined ? undefined : this.#use(number)
  }

  /** To be changed: the transaction may fail, and others hold the one from before. */
  copyOf(number: number): OpenJob | undefined {
    const job = this.#use(number)
    return job && { ...job, counts: { ...job.counts } }
  }

  add(job: OpenJob): void {
    if ((job.template?.length ?? 0) > longestTemplate) return
    this.#jobs.delete(job.number)
    this.#jobs.set(job.number, job)
    this.#numbers.set(job.id, job.number)
    if (this.#jobs.size <= this.most) return
    const [oldest] = this.#jobs.values()
    if (oldest) this.#drop(oldest)
  }

  /** Takes in what a transaction read, wrote and deleted, once it has committed. */
  take(jobs: Iterable<OpenJob>, changes: ReadonlyMap<number, JobChange>): void {
    for (const job of jobs) {
      if (changes.get(job.number)?.deleted) this.#drop(job)
      else if (job.counts.running > 0 || this.#jobs.has(job.number)) this.add(job)
    }
  }

  get size(): number {
    return this.#jobs.size
  }

  /** The one that was used last is the last to go. */
  #use(number: number): OpenJob | undefined {
    const job = this.#jobs.get(number)
    if (job === undefined) return undefined
    this.#jobs.delete(number)
    this.#jobs.set(number, job)
    return job
  }

  #drop({ number, id }: OpenJob): void {
    this.#jobs.delete(number)
    this.#numbers.delete(id)
  }
}
