import type { OpenJob } from './rows.ts'

/**
 * The jobs of which tasks run, as they are on disk: the end of a task is most often that of one of these, which then need not be read.
 * As many at most as there are tasks that run.
 */
export class RunningJobs {
  readonly #jobs = new Map<number, OpenJob>()

  /** A copy: the transaction that changes it may fail, and others hold the one from before. */
  copyOf(number: number): OpenJob | undefined {
    const job = this.#jobs.get(number)
    return job && { ...job, counts: { ...job.counts } }
  }

  /** Takes in every job that a transaction read or wrote, once it has committed. */
  take(jobs: Iterable<OpenJob>): void {
    for (const job of jobs) {
      if (job.counts.running > 0) this.#jobs.set(job.number, job)
      else this.#jobs.delete(job.number)
    }
  }
}
