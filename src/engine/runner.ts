import type { Kind } from '../kinds/kind.ts'
import type { AttemptResult, Claim } from '../store/store.ts'
import { Attempt, type AttemptHost, type Interruption } from './attempt.ts'

export type Kinds = Readonly<Record<string, Kind>>

export interface RunnerHost extends Omit<AttemptHost, 'ended'> {
  settle(claim: Claim, result: AttemptResult): void
}

/** The attempts that run now: all that the engine keeps in memory of tasks. */
export class Runner {
  #running = new Map<number, Set<Attempt>>()
  #size = 0
  #idle: (() => void)[] = []

  readonly #host: AttemptHost

  constructor(
    readonly kinds: Kinds,
    readonly host: RunnerHost,
  ) {
    this.#host = { ...host, ended: (attempt, result) => this.#ended(attempt, result) }
  }

  get size(): number {
    return this.#size
  }

  start(claim: Claim): void {
    const kind = Object.hasOwn(this.kinds, claim.kind) ? this.kinds[claim.kind] : undefined
    if (kind === undefined) {
      const message = `This server has no kind of task named "${claim.kind}".`
      this.host.settle(claim, { type: 'failed', error: { code: 'internal', message } })
      return
    }
    const attempt = new Attempt(claim, kind, this.#host)
    const ofJob = this.#running.get(claim.job) ?? new Set()
    this.#running.set(claim.job, ofJob.add(attempt))
    this.#size += 1
    attempt.run()
  }

  /** Cancels what a job that stops still runs. */
  cancel(job: number): void {
    this.#interrupt(this.#running.get(job) ?? [], 'cancel')
  }

  /** Gives back everything that runs. */
  release(): void {
    for (const attempts of this.#running.values()) this.#interrupt(attempts, 'release')
  }

  /** Resolves when nothing runs. */
  idle(): Promise<void> {
    return this.#size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve))
  }

  #interrupt(attempts: Iterable<Attempt>, why: Interruption): void {
    for (const attempt of [...attempts]) attempt.interrupt(why)
  }

  #ended(attempt: Attempt, result: AttemptResult): void {
    const { job } = attempt.claim
    const ofJob = this.#running.get(job)
    ofJob?.delete(attempt)
    if (ofJob?.size === 0) this.#running.delete(job)
    this.#size -= 1
    this.host.settle(attempt.claim, result)
    if (this.#size === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }
}
