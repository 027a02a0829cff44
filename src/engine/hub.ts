import type { Clock } from '../clock.ts'
import { hasEnded } from '../job/state.ts'
import type { Progress } from '../kinds/kind.ts'
import type { JobChange, JobRecord } from '../store/store.ts'
import { type Frame, framesOf, progressFrame } from './frame.ts'
import { Inbox } from './inbox.ts'

/** Progress within tasks is told at most this often. */
const progressMs = 50

/** Hands out what was committed to those who follow. A job that nobody follows costs nothing. */
export class Hub {
  #inboxes = new Map<string, Set<Inbox>>()
  #waiting = new Map<string, Set<(job: JobRecord | undefined) => void>>()
  #progress = new Map<string, Map<number, Progress>>()
  #cancelProgress: (() => void) | undefined
  #closed = false

  constructor(
    readonly clock: Clock,
    readonly rate: (job: JobRecord) => number,
  ) {}

  /** To be called after the commit, and only then. */
  publish(changes: readonly JobChange[]): void {
    for (const change of changes) {
      const { id } = change.job
      const inboxes = this.#inboxes.get(id)
      if (inboxes) deliver(inboxes, framesOf(change, this.rate))
      if (change.deleted) for (const inbox of inboxes ?? []) inbox.close()
      if (hasEnded(change.job.state)) this.#resolve(id, change.job)
    }
  }

  /** Within an attempt: gathered for a moment, the latest of each task, and never replayed. */
  progress(job: string, index: number, progress: Progress): void {
    if (!this.#inboxes.has(job)) return
    const latest = this.#progress.get(job) ?? new Map<number, Progress>()
    this.#progress.set(job, latest.set(index, progress))
    this.#cancelProgress ??= this.clock.after(progressMs, () => this.#tellProgress())
  }

  join(job: string): Inbox {
    const inbox = new Inbox()
    if (this.#closed) inbox.close()
    const inboxes = this.#inboxes.get(job) ?? new Set()
    this.#inboxes.set(job, inboxes.add(inbox))
    return inbox
  }

  leave(job: string, inbox: Inbox): void {
    const inboxes = this.#inboxes.get(job)
    inboxes?.delete(inbox)
    if (inboxes?.size === 0) this.#inboxes.delete(job)
  }

  /** Calls `resolve` when the job has ended, or with undefined when the server stops before; returns what calls it off. */
  whenEnded(job: string, resolve: (job: JobRecord | undefined) => void): () => void {
    if (this.#closed) resolve(undefined)
    const waiting = this.#waiting.get(job) ?? new Set()
    this.#waiting.set(job, waiting.add(resolve))
    return () => {
      waiting.delete(resolve)
      if (waiting.size === 0 && this.#waiting.get(job) === waiting) this.#waiting.delete(job)
    }
  }

  /** Ends every reader, and every one that comes later: the server stops. */
  close(): void {
    this.#closed = true
    this.#cancelProgress?.()
    for (const id of [...this.#waiting.keys()]) this.#resolve(id, undefined)
    for (const inboxes of this.#inboxes.values()) for (const inbox of inboxes) inbox.close()
  }

  get followers(): number {
    let sum = 0
    for (const inboxes of this.#inboxes.values()) sum += inboxes.size
    return sum
  }

  #resolve(id: string, job: JobRecord | undefined): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    for (const resolve of waiting ?? []) resolve(job)
  }

  #tellProgress(): void {
    this.#cancelProgress = undefined
    const gathered = this.#progress
    this.#progress = new Map()
    for (const [job, latest] of gathered) {
      const inboxes = this.#inboxes.get(job)
      if (inboxes) deliver(inboxes, [progressFrame(job, latest)])
    }
  }
}

const deliver = (inboxes: ReadonlySet<Inbox>, frames: readonly Frame[]): void => {
  for (const inbox of inboxes) for (const frame of frames) inbox.put(frame)
}
