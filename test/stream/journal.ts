import {
  type FollowEvent,
  JobEvent,
  ProgressEvent,
  type TaskChangeView,
  TasksEvent,
} from '../../src/job/events.ts'
import { hasEnded } from '../../src/job/state.ts'
import type { JobView } from '../../src/job/wire.ts'
import { accepted } from '../engine/kit/fold.ts'
import type { Known } from './jobs.ts'
import type { Filter } from './lines/line.ts'
import { changeFlaw, type Told } from './told.ts'

/**
 * What one reader was told of a job, over as many subscriptions as it took, held to what every reader is promised: in
 * order, no change twice, and nothing that its filter leaves out. Throws at the first message that breaks it.
 */
export class Journal {
  readonly tasks = new Map<number, TaskChangeView>()
  /** How many ends of each task it was told of. */
  readonly ends = new Map<number, number>()
  /** The latest of what was told, for an outcome that has yet to be compared with the disk. */
  job: JobView | undefined
  counts: JobView['counts'] | undefined
  /** How many subscriptions were told that the job has ended. */
  lasts = 0
  /** The last seq that was seen: where to resume. */
  seq: number | undefined
  /** The seq that it began after. */
  start: number | undefined
  /** Of the subscription of the moment: the seq of its latest snapshot, and whether that was the last. */
  #shown = -1
  isLast = false

  constructor(
    readonly of: Known,
    after: number | undefined,
    readonly filter: Filter,
  ) {
    this.seq = after
    this.start = after
  }

  /** The latest of each task that was told by now. */
  get changes(): TaskChangeView[] {
    return [...this.tasks.values()].sort((a, b) => a.index - b.index)
  }

  /** A subscription begins, at the last seq that was seen. */
  begin(): void {
    this.#shown = -1
    this.isLast = false
  }

  take(event: FollowEvent): void {
    if (this.isLast) throw new Error(`${event.type} came after the end of the job`)
    if (event.type === 'progress') this.#progress(accepted(ProgressEvent, event))
    else if (event.type === 'tasks') this.#tasks(accepted(TasksEvent, event))
    else this.#job(accepted(JobEvent, event))
  }

  #progress({ data }: ProgressEvent): void {
    if (this.seq === undefined) throw new Error('Progress came before the snapshot')
    for (const { index, message } of data)
      if (message !== String(index)) throw new Error(`Task ${index} tells "${message}"`)
  }

  #tasks({ job, seq, counts, data }: TasksEvent): void {
    if (job !== this.of.id) throw new Error(`It is of job ${job}`)
    const before = this.seq
    if (before === undefined) throw new Error('Tasks came before the snapshot')
    if (data.length === 0 || data.length > 500) throw new Error(`${data.length} tasks came at once`)
    let latest = before
    for (const change of data) {
      if (change.seq <= latest)
        throw new Error(`Task ${change.index} came with seq ${change.seq} after ${latest}`)
      latest = change.seq
      this.#change(change)
    }
    // What a filter left out of a message counts for its seq.
    if (this.isFiltered ? seq < latest : seq !== latest)
      throw new Error(`Changes up to ${latest} came with seq ${seq}`)
    this.seq = seq
    this.counts = counts
  }

  #change(change: TaskChangeView): void {
    const told: Told = {
      before: this.tasks.get(change.index),
      ends: this.ends.get(change.index) ?? 0,
      revivals: this.of.retries,
      filter: this.filter,
    }
    const flaw = changeFlaw(change, told)
    if (flaw !== undefined)
      throw new Error(`Task ${change.index} ${flaw}: ${describe(told.before)}, then ${describe(change)}`)
    this.tasks.set(change.index, change)
    if (hasEnded(change.state)) this.ends.set(change.index, told.ends + 1)
  }

  #job({ job, seq, data }: JobEvent): void {
    if (job !== this.of.id || data.id !== job || data.seq !== seq)
      throw new Error(`A snapshot of ${data.id} at ${data.seq} came as ${job} at ${seq}`)
    if (seq < (this.seq ?? 0)) throw new Error(`A snapshot came with seq ${seq} after ${this.seq}`)
    if (seq <= this.#shown) throw new Error(`A snapshot came with seq ${seq} after one of ${this.#shown}`)
    this.#shown = seq
    this.seq = seq
    this.start ??= seq
    this.job = data
    this.counts = data.counts
    if (!hasEnded(data.state)) return
    this.isLast = true
    this.lasts += 1
  }

  /**
   * Whether it was told all there was of a job that stood so. A subscription begins with a snapshot, also where nothing is new;
   * and a snapshot may have the seq of the tasks before it.
   */
  hasSeen({ seq, state }: Pick<JobView, 'seq' | 'state'>): boolean {
    const seen = this.seq ?? -1
    return this.#shown >= 0 && (seen > seq || (seen === seq && this.job?.state === state))
  }

  /** Whether some tasks are none of its business. */
  get isFiltered(): boolean {
    return this.filter.states !== undefined || this.filter.keys !== undefined
  }
}

const describe = (change: TaskChangeView | undefined) =>
  change === undefined ? 'nothing' : `${change.state} at ${change.attempt} with seq ${change.seq}`
