import { failpoint } from '../failpoint.ts'
import { mayDecide } from '../job/modes.ts'
import { hasEnded } from '../job/state.ts'
import type { Kind } from '../kinds/kind.ts'
import type { AttemptResult, Claim, JobRecord } from '../store/store.ts'
import { Attempt, type AttemptHost, type Interruption, interrupted } from './attempt.ts'
import type { Flow } from './flow/flow.ts'
import { verdictOf } from './flow/verdict.ts'
import type { AttemptTally } from './tally/attempts.ts'
import { Timers } from './timers.ts'
import { Window } from './window.ts'

export type Kinds = Readonly<Record<string, Kind>>

export interface RunnerHost extends Omit<AttemptHost, 'ended' | 'timers'> {
  /** What the queues allow. */
  flow: Pick<Flow, 'mayStart' | 'started' | 'ended' | 'unclaimed'>
  /** Counts the attempts. */
  tally: Pick<AttemptTally, 'ended'>
  settle(claim: Claim, result: AttemptResult): void
}

/** The attempts that run now, and the claims at hand for when they end: all that the engine keeps in memory of tasks. */
export class Runner {
  #running = new Map<number, Set<Attempt>>()
  #window = new Window()
  #size = 0
  #idle: (() => void)[] = []
  #refilling = false
  /** Jobs of which a task ended in a way that may decide them: nothing of them starts until that is known. */
  #held = new Set<number>()
  readonly #host: AttemptHost
  readonly #mayRunNow = (claim: Claim) => this.#mayRun(claim)

  constructor(
    readonly kinds: Kinds,
    /** How many attempts run at once. */
    readonly concurrency: number,
    readonly host: RunnerHost,
  ) {
    this.#host = {
      ...host,
      timers: new Timers(host.clock),
      ended: (attempt, result) => this.#ended(attempt, result),
    }
  }

  /** How many attempts run. */
  get size(): number {
    return this.#size
  }

  /** The same by kind of task. */
  sizes(): Record<string, number> {
    const sizes = Object.fromEntries(Object.keys(this.kinds).map((kind) => [kind, 0]))
    for (const attempts of this.#running.values())
      for (const { claim } of attempts) sizes[claim.kind] = (sizes[claim.kind] ?? 0) + 1
    return sizes
  }

  /** How many claims wait for an attempt to end. */
  get waiting(): number {
    return this.#window.size
  }

  /** Runs a claim, now or as soon as one of its places is free. */
  take(claim: Claim): void {
    if (this.#mayRun(claim)) this.#start(claim)
    else this.#window.add(claim)
  }

  /** Goes on with what was held, once the ends so far are on disk and what they decide is known. */
  goOn(): void {
    this.#held.clear()
    this.#refill()
  }

  /** Whether a job is held until the next commit. */
  get holds(): boolean {
    return this.#held.size > 0
  }

  /** Takes to heart what became of jobs: one that stops runs nothing any more, and of one that is paused nothing more starts. */
  heed(jobs: readonly JobRecord[]): void {
    // All of them first: what one of them frees must not start what another of them holds.
    for (const job of jobs) if (!mayStart(job)) this.#held.add(job.number)
    for (const { number, outcome, state } of jobs) {
      if (outcome !== undefined) this.#cancel(number)
      else if (state === 'paused') this.#drop(this.#window.removeOf(number), 'release')
    }
  }

  /** Gives back what a queue holds and has not started. */
  giveBackIn(queue: string): void {
    this.#drop(this.#window.removeIn(queue), 'release')
  }

  /** Gives back everything that has not started. */
  giveBackAll(): void {
    this.#drop(this.#window.removeAll(), 'release')
  }

  /** Gives back everything that runs. */
  release(): void {
    this.giveBackAll()
    for (const attempts of this.#running.values()) this.#interrupt(attempts, 'release')
  }

  /** Resolves when nothing runs. */
  idle(): Promise<void> {
    return this.#size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve))
  }

  #mayRun({ job, queue, concurrency }: Claim): boolean {
    if (this.#size >= this.concurrency || this.#held.has(job) || !this.host.flow.mayStart(queue)) return false
    return concurrency === undefined || (this.#running.get(job)?.size ?? 0) < concurrency
  }

  #start(claim: Claim): void {
    const kind = Object.hasOwn(this.kinds, claim.kind) ? this.kinds[claim.kind] : undefined
    if (kind === undefined) {
      this.host.flow.unclaimed(claim)
      const message = `This server has no kind of task named "${claim.kind}".`
      this.host.settle(claim, { type: 'failed', error: { code: 'internal', message } })
      return
    }
    const attempt = new Attempt(claim, kind, this.#host)
    const ofJob = this.#running.get(claim.job)
    if (ofJob) ofJob.add(attempt)
    else this.#running.set(claim.job, new Set([attempt]))
    this.#size += 1
    this.host.flow.started(claim, attempt.startedAt)
    failpoint('attempt-starting')
    attempt.run()
  }

  #cancel(job: number): void {
    this.#drop(this.#window.removeOf(job), 'cancel')
    this.#interrupt(this.#running.get(job) ?? [], 'cancel')
  }

  /** Settles claims that never started. */
  #drop(claims: readonly Claim[], why: Interruption): void {
    for (const claim of claims) {
      this.host.flow.unclaimed(claim)
      this.host.settle(claim, interrupted(why))
    }
  }

  #interrupt(attempts: Iterable<Attempt>, why: Interruption): void {
    for (const attempt of [...attempts]) attempt.interrupt(why)
  }

  #ended(attempt: Attempt, result: AttemptResult): void {
    failpoint('attempt-ended')
    const { job } = attempt.claim
    const ofJob = this.#running.get(job)
    ofJob?.delete(attempt)
    if (ofJob?.size === 0) this.#running.delete(job)
    this.#size -= 1
    const now = this.host.clock.now()
    const ms = now - attempt.startedAt
    this.host.flow.ended(attempt.claim, result.type, ms, now, verdictOf(result))
    this.host.tally.ended(attempt.claim.kind, result.type, ms)
    if (hasEnded(result.type) && mayDecide(attempt.claim.mode, result.type)) this.#held.add(job)
    this.#refill()
    this.host.settle(attempt.claim, result)
    if (this.#size === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** Starts what waits and may run. In a loop: an attempt that ends at once would call this from within itself. */
  #refill(): void {
    if (this.#refilling) return
    this.#refilling = true
    for (;;) {
      const claim = this.#window.take(this.#mayRunNow)
      if (claim === undefined) break
      this.#start(claim)
    }
    this.#refilling = false
  }
}

/** Whether tasks of the job may start. */
const mayStart = ({ state, outcome }: JobRecord) => outcome === undefined && state !== 'paused'
