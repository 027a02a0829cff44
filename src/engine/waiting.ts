import type { Clock } from '../clock.ts'
import { hasEnded } from '../job/state.ts'
import type { JobChange, JobRecord, Store } from '../store/store.ts'

/** What of a job is waited for: that its outcome is known, or that no task is left that has not ended. */
export type Mark = 'decided' | 'ended'

const isPast: Record<Mark, (job: JobRecord) => boolean> = {
  decided: ({ outcome }) => outcome !== undefined,
  ended: ({ state }) => hasEnded(state),
}

export interface Wait {
  until: Mark
  /** For so many milliseconds at most. */
  ms: number
  /** Aborted when nobody waits any more. */
  signal?: AbortSignal | undefined
}

interface Waiter {
  until: Mark
  resolve(job: JobRecord | undefined): void
}

/**
 * Who waits for jobs. The commit that brings a job to its mark tells them; until then nobody looks, and nothing is read: one who waits
 * costs a timer that is called off (0.4 kB and 0.7 µs), beside the request itself.
 */
export class Waiting {
  readonly #store: Pick<Store, 'job'>
  readonly #clock: Clock
  readonly #waiters = new Map<string, Set<Waiter>>()
  #closed = false

  constructor(store: Pick<Store, 'job'>, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /**
   * Resolves with the job at its mark, or as it stands when the time is over or the server stops; undefined if there is no such
   * job. To whoever has gone it gives the job as it was.
   */
  async for(id: string, { until, ms, signal }: Wait): Promise<JobRecord | undefined> {
    const { promise, resolve } = Promise.withResolvers<JobRecord | undefined>()
    // Before the job is read: it may get there while it is.
    const leave = this.#join(id, { until, resolve })
    const giveUp = () => resolve(undefined)
    const cancel = this.#clock.after(ms, giveUp)
    signal?.addEventListener('abort', giveUp, { once: true })
    try {
      const job = await this.#store.job(id)
      if (job === undefined || isPast[until](job) || signal?.aborted) return job
      const reached = await promise
      return reached ?? (signal?.aborted ? job : await this.#store.job(id))
    } finally {
      leave()
      cancel()
      signal?.removeEventListener('abort', giveUp)
    }
  }

  /** How many wait. */
  get size(): number {
    let sum = 0
    for (const waiters of this.#waiters.values()) sum += waiters.size
    return sum
  }

  /** To be called after the commit, and only then. */
  publish(changes: readonly JobChange[]): void {
    if (this.#waiters.size === 0) return
    for (const { job } of changes)
      for (const { until, resolve } of this.#waiters.get(job.id) ?? []) if (isPast[until](job)) resolve(job)
  }

  /** Lets everybody go, and those who come later: the server stops. */
  close(): void {
    this.#closed = true
    for (const waiters of this.#waiters.values()) for (const { resolve } of waiters) resolve(undefined)
  }

  #join(id: string, waiter: Waiter): () => void {
    if (this.#closed) waiter.resolve(undefined)
    const waiters = this.#waiters.get(id) ?? new Set()
    this.#waiters.set(id, waiters.add(waiter))
    return () => {
      waiters.delete(waiter)
      if (waiters.size === 0 && this.#waiters.get(id) === waiters) this.#waiters.delete(id)
    }
  }
}
