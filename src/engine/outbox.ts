import type { Clock } from '../clock.ts'
import type { NewJob, Store, Submitted } from '../store/store.ts'
import type { EngineOptions } from './options.ts'

export interface OutboxHost {
  store: Pick<Store, 'outbox'>
  clock: Pick<Clock, 'after'>
  log: NonNullable<EngineOptions['log']>
  submit(job: NewJob): Promise<Submitted>
}

/** How many jobs are in memory at once, and share a commit. */
const page = 100
/** How long to wait when too many tasks wait already, or nothing can be written, in milliseconds. */
const againMs = 5_000
/** How long to wait for a transaction to be committed, one look after the other, in milliseconds: ten minutes in all. */
const patience = [10, 100, 1_000, ...Array.from({ length: 60 }, () => 10_000)]

/**
 * Takes in the jobs that an app has submitted within its own transactions: each leaves the outbox in the commit that
 * makes it a job, so it is one exactly if the transaction was committed.
 */
export class Outbox {
  readonly #host: OutboxHost
  /** Jobs that are to come, and how often they were looked for in vain. */
  readonly #expected = new Map<string, number>()
  #taking: Promise<void> | undefined
  #again = false
  #stopped = false
  #cancelTimer: (() => void) | undefined

  constructor(host: OutboxHost) {
    this.#host = host
  }

  /**
   * Waits for a job to come. Nobody says when a transaction of another connection ends: most do in the turn of the event loop in
   * which they began, so that is when to look first. One that is committed after ten minutes is found when another is looked for, or
   * at the next start.
   */
  expect(job: string): void {
    this.#expected.set(job, 0)
    setImmediate(() => this.take())
  }

  /** Looks for what has come. */
  take(): void {
    if (this.#stopped) return
    this.#again = true
    this.#taking ??= this.#takeAll()
  }

  /** Takes in nothing more. May be called again. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelTimer?.()
    await this.#taking
  }

  async #takeAll(): Promise<void> {
    this.#cancelTimer?.()
    let isLeft = false
    while (this.#again && !this.#stopped) {
      this.#again = false
      isLeft = await this.#takePages()
    }
    // In the same turn as the last look at `again`, or one in between would be lost.
    this.#taking = undefined
    const napMs = Math.min(isLeft ? againMs : Number.POSITIVE_INFINITY, this.#patience())
    if (Number.isFinite(napMs) && !this.#stopped)
      this.#cancelTimer = this.#host.clock.after(napMs, () => this.take())
  }

  /** How long to wait for what has not come yet. */
  #patience(): number {
    let least = Number.POSITIVE_INFINITY
    for (const [job, looks] of this.#expected) {
      const ms = patience[looks]
      if (ms === undefined) this.#expected.delete(job)
      else {
        this.#expected.set(job, looks + 1)
        least = Math.min(least, ms)
      }
    }
    return least
  }

  /** Returns whether something had to be left there. */
  async #takePages(): Promise<boolean> {
    let isLeft = false
    try {
      for (let after = 0; ; ) {
        const jobs = await this.#host.store.outbox(after, page)
        // One that cannot be written must not hold up the others.
        const taken = await Promise.all(jobs.map((job) => this.#takeOne(job)))
        for (const { id } of jobs) this.#expected.delete(id)
        isLeft ||= taken.includes(false)
        after = jobs.at(-1)?.outbox ?? after
        if (jobs.length < page || this.#stopped) return isLeft
      }
    } catch (error) {
      this.#warn(error)
      return true
    }
  }

  /** False if it has to be left there. */
  async #takeOne(job: NewJob): Promise<boolean> {
    try {
      return (await this.#host.submit(job)).type !== 'full'
    } catch (error) {
      this.#warn(error, { job: job.id })
      return false
    }
  }

  #warn(error: unknown, fields: Record<string, unknown> = {}): void {
    if (this.#stopped) return
    const why = error instanceof Error ? error.message : String(error)
    this.#host.log('warn', 'A job waits in the outbox, as it cannot be read or written', {
      ...fields,
      error: why,
    })
  }
}
