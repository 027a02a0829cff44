import { type EndedState, hasEnded } from '../../job/state.ts'
import type { Batch, Committed, JobChange } from '../../store/store.ts'
import { Histogram } from './histogram.ts'

/** A commit is an fsync: 0.3 ms on a fast disk, 10 on a slow one, and more where something is wrong. In milliseconds. */
const boundsMs = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500]
const sizes = [0, 1, 4, 16, 64, 256, 1_024]

/** Commits, and what they brought to disk. Told of each commit once, whatever is in it. */
export class CommitTally {
  /** How long those took that are on disk, in milliseconds. */
  readonly durations = new Histogram(boundsMs)
  /** How many requests, and ends of attempts, shared each of them. */
  readonly sizes = new Histogram(sizes)
  /** How many could not be written. */
  failed = 0
  jobsSubmitted = 0
  readonly jobsEnded: Record<EndedState, number> = { succeeded: 0, failed: 0, cancelled: 0 }
  tasksSubmitted = 0
  /** Of those that ran, and of those that did not. */
  tasksCancelled = 0
  /** How many tasks of another life of the server were taken back at the start. */
  tasksRescued = 0

  /** `size` of them took `ms`. */
  done(size: number, ms: number): void {
    this.durations.add(ms)
    this.sizes.add(size)
  }

  /** What a commit of that time wrote. */
  wrote({ submissions, additions = [] }: Batch, { submitted, added, changes }: Committed, now: number): void {
    for (const [i, { type }] of submitted.entries()) if (type === 'created') this.#submit(submissions[i])
    for (const [i, { type }] of added.entries()) if (type === 'added') this.#add(additions[i])
    for (const change of changes) this.#change(change, now)
  }

  #submit(job: Batch['submissions'][number] | undefined): void {
    this.jobsSubmitted += 1
    this.#add(job)
  }

  #add(more: { tasks: readonly unknown[] } | undefined): void {
    this.tasksSubmitted += more?.tasks.length ?? 0
  }

  #change({ job, moved, tasks }: JobChange, now: number): void {
    // An endpoint of webhooks is no job that anybody submitted.
    if (moved && job.finishedAt === now && job.endpoint === undefined && hasEnded(job.state))
      this.jobsEnded[job.state] += 1
    // Of a job that goes well, no task is looked at.
    if (job.counts.cancelled === 0) return
    for (const { state } of tasks) if (state === 'cancelled') this.tasksCancelled += 1
  }
}
