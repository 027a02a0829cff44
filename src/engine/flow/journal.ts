import type { QueueState, Started } from '../../store/flow.ts'
import type { QueueFlow } from './queue.ts'

/** What has to be written with the next commit. */
export interface FlowChanges {
  queueStates: QueueState[]
  started: Started[]
}

/** Stands for no bucket: a row that only says which buckets are no longer needed. */
const noBucket = -1

/** What flow control has not written yet: notes of queues, and when what was claimed really started. */
export class Journal {
  readonly #notes = new Set<string>()
  /** Queues of which starts may have to be written. */
  readonly #counted = new Set<string>()
  #forgotten: Started[] = []

  constructor(readonly queues: ReadonlyMap<string, QueueFlow>) {}

  /** The note of a queue is to be written anew, or removed if nothing is known of it any more. */
  note(queue: string): void {
    this.#notes.add(queue)
  }

  /** A task of a queue with a rate has started. */
  count(queue: string): void {
    this.#counted.add(queue)
  }

  /** The starts of a queue in buckets below `from` are no longer needed. */
  forget(queue: string, from: number, now: number): void {
    this.#forgotten.push({ queue, bucket: noBucket, at: now, from })
  }

  take(now: number): FlowChanges {
    const queueStates = this.#notes.size === 0 ? [] : [...this.#notes].map((name) => this.#stateOf(name, now))
    const started = this.#forgotten
    for (const name of this.#counted) started.push(...this.#startedOf(name, now))
    this.#notes.clear()
    this.#counted.clear()
    this.#forgotten = []
    return { queueStates, started }
  }

  /** Takes back what could not be written. */
  keep({ queueStates, started }: FlowChanges): void {
    for (const { queue } of queueStates) this.#notes.add(queue)
    for (const start of started) {
      const rate = this.queues.get(start.queue)?.rate
      if (start.bucket === noBucket) this.#forgotten.push(start)
      else if (rate) {
        rate.keep(start)
        this.#counted.add(start.queue)
      }
    }
  }

  #stateOf(name: string, now: number): QueueState {
    const queue = this.queues.get(name)
    const state = queue?.note(now)
    if (queue) queue.noted = state !== undefined
    return { queue: name, state }
  }

  /** A bucket is written when all of it has started: until then it counts, after a restart, as if it had just started. */
  #startedOf(name: string, now: number): Started[] {
    const rate = this.queues.get(name)?.rate
    if (rate === undefined) return []
    const isEmpty = rate.counted(now) === 0
    const finished = rate.takeFinished()
    const newest = finished.reduce((newest, { bucket }) => Math.max(newest, bucket), noBucket)
    const from = isEmpty ? newest + 1 : (rate.oldest ?? newest + 1)
    return finished.map(({ bucket, at }) => ({ queue: name, bucket, at, from }))
  }
}
