import type { EffectiveLimits } from '../../job/queues.ts'
import type { UpstreamNews } from '../../kinds/kind.ts'
import type { AttemptResult, Claim } from '../../store/store.ts'
import type { QueueStatus, QueueView } from '../engine.ts'
import { Adaptive } from './adaptive.ts'
import { Breaker } from './breaker.ts'
import { Meter } from './meter.ts'
import { type Note, writeNote } from './note.ts'
import { Pace } from './pace.ts'
import { Quota } from './quota.ts'
import type { RateLog } from './rate.ts'
import { Throttle } from './throttle.ts'

/** The least concurrency with which work is claimed ahead; below, a task that waits at hand would wait for long. */
const leastToClaimAhead = 16
/** A queue claims ahead this many times its concurrency at most. */
const mostAhead = 3
/** That a pause lasts longer by less than this is no news, in milliseconds. */
const noticeMs = 1_000
/** With a rate that leaves room for this many times what is claimed ahead at most, it is claimed ahead. */
const plenty = 10
/** How many tasks are taken to have run before a restart, for the slow start after a pause. */
const ranBefore = 32

/** What came of an event: whether the world is to be told, and whether it is to be kept across a restart. */
export interface Effect {
  tell: boolean
  keep: boolean
}

const none: Effect = { tell: false, keep: false }
const both: Effect = { tell: true, keep: true }

/** One queue: what it runs, and all that decides how much more it may. */
export class QueueFlow {
  running = 0
  /** Claimed, and not started yet. */
  atHand = 0
  /** Whether tasks that are due wait in the store for room. */
  parked = false
  /** How often it was offered since something of it was claimed. */
  offers = 0
  /** When a task of it was last claimed or ended. */
  touchedAt: number
  /** Whether there is a note of it on disk. */
  noted = false
  /** Whether nothing limits it: then it is asked nothing else. */
  #plain = true
  #limits: EffectiveLimits = {}
  readonly #pace: Pace
  #meter: Meter | undefined
  #quota: Quota | undefined
  #throttle: Throttle | undefined
  /** Until when it was last told to be closed. */
  #toldUntil = 0
  #adaptive: Adaptive | undefined
  #breaker: Breaker | undefined

  constructor(
    readonly name: string,
    limits: EffectiveLimits,
    now: number,
  ) {
    this.touchedAt = now
    this.#pace = new Pace(now)
    this.limit(limits, now)
  }

  get rate(): RateLog | undefined {
    return this.#meter?.log
  }
  get claimed(): number {
    return this.running + this.atHand
  }
  get isBroken(): boolean {
    return this.#breaker?.state === 'open'
  }
  /** Whether something is to happen when it opens again. */
  get isAwaited(): boolean {
    return this.parked || this.isBroken || (this.#throttle !== undefined && this.atHand > 0)
  }

  /** Sets what holds from now on. What was counted and learned is kept where it still matters. */
  limit(limits: EffectiveLimits, now: number): void {
    const { rate, adaptive, breaker } = limits
    this.#limits = limits
    if (rate && this.#meter) this.#meter.log.retune(rate)
    else this.#meter = rate && new Meter(rate)
    if (adaptive && this.#adaptive) this.#adaptive.retune(adaptive)
    else this.#adaptive = adaptive && new Adaptive(adaptive)
    if (breaker && this.#breaker) this.#breaker.retune(breaker)
    else this.#breaker = breaker && new Breaker(breaker, now)
    this.#judge()
  }

  /** How many more tasks may be claimed; `ahead` of them beyond what may run, if it helps. */
  room(now: number, ahead: number): number {
    if (this.#plain) return Number.POSITIVE_INFINITY
    if (this.#isClosed(now)) return 0
    let room = this.#cap() + this.#beyond(now, ahead) - this.claimed
    if (this.#meter) room = Math.min(room, this.#meter.room(now, this.atHand))
    if (this.#quota) room = Math.min(room, this.#quota.room(now, this.running, this.atHand))
    if (this.#breaker) room = Math.min(room, this.#breaker.room - this.atHand)
    return Math.max(0, room)
  }

  /** Whether one more of the claims at hand may start. */
  mayStart(now: number): boolean {
    if (this.#plain) return true
    return !this.#isClosed(now) && this.running < this.#cap() && (this.#breaker?.room ?? 1) > 0
  }

  /** When there is room again; undefined when that depends on what happens, not on the time. */
  opensAt(now: number): number | undefined {
    if (this.#limits.paused) return undefined
    const closedUntil = Math.max(this.#throttle?.pause?.until ?? now, this.#breaker?.retryAt ?? now)
    if (closedUntil > now || this.isBroken) return closedUntil
    if (this.claimed >= this.#cap() || (this.#breaker && this.#breaker.room <= this.atHand)) return undefined
    const quotaAt = this.#quota?.nextRoomAt(now, this.running, this.atHand)
    const at = Math.max(this.rate?.nextRoomAt(now) ?? now, quotaAt ?? now)
    return at > now ? at : undefined
  }

  take(claim: Claim, now: number): void {
    this.atHand += 1
    this.touchedAt = now
    this.offers = 0
    this.#meter?.take(claim, now)
  }

  start(claim: Claim, now: number): void {
    this.atHand -= 1
    this.running += 1
    this.#pace.note(now)
    if (this.#plain) return
    this.#meter?.start(claim, now)
    this.#quota?.started(now)
    this.#breaker?.started(claim)
  }

  /** A claim is given back that was never started. */
  giveBack(claim: Claim): void {
    this.atHand -= 1
    this.#meter?.giveBack(claim)
  }

  /** An attempt has ended after `ms`; `ok` is what that says of the upstream. */
  end(claim: Claim, type: AttemptResult['type'], ms: number, now: number, ok: boolean | undefined): Effect {
    this.touchedAt = now
    this.running -= 1
    if (this.#plain) return none
    if (type === 'succeeded') this.#adaptive?.succeeded(ms, this.running + 1)
    else this.#adaptive?.ended()
    if (type === 'succeeded' || type === 'failed' || type === 'retry') this.#throttle?.passed(now)
    const keep = this.#forget(now)
    return this.#breaker?.ended(claim, ok, now) ? both : { tell: false, keep }
  }

  /** Heeds what the upstream says. */
  hear({ quota, pause, overloaded }: UpstreamNews, now: number): Effect {
    let keep = false
    if (quota) {
      this.#quota ??= new Quota()
      keep = this.#quota.heard(quota, this.running, now)
    }
    if (overloaded) this.#adaptive?.overloaded(this.running)
    const tell = pause !== undefined && this.#pause(pause, now)
    this.#judge()
    return { tell, keep: keep || tell }
  }

  /** Moves on what moves by itself: a circuit that has been open for long enough, a quota not heard of for long. */
  advance(now: number): Effect {
    const keep = this.#forget(now)
    return this.#breaker?.advance(now) ? both : { tell: false, keep }
  }

  /** What is to be kept across a restart; undefined if there is nothing. */
  note(now: number): string | undefined {
    const { policies = [], spent } = this.#quota?.kept ?? {}
    const pause = this.#throttle?.pause
    const circuit = this.#breaker?.kept
    return writeNote({
      ...(pause && pause.until > now && { throttle: pause }),
      ...(policies.length > 0 && { policies }),
      ...(spent && { spent }),
      ...(circuit && { circuit }),
    })
  }

  /** Goes on where a note ended. */
  resume({ throttle, policies = [], spent, circuit }: Note, now: number): void {
    if (throttle && throttle.until > now) {
      this.#throttle = new Throttle()
      this.#throttle.resume(throttle, now, this.#limits.concurrency ?? ranBefore)
    }
    if (policies.length > 0 || spent) {
      this.#quota = new Quota()
      this.#quota.resume({ policies, spent }, now)
    }
    if (circuit && circuit.state !== 'closed') this.#breaker?.resume(circuit, now)
    this.#judge()
  }

  /** Whether nothing would be lost without it but estimates. */
  isIdle(now: number): boolean {
    return this.claimed === 0 && !this.parked && !this.holds(now)
  }

  /** Whether it holds back tasks, or knows something that it would hold them back by. */
  holds(now: number): boolean {
    return (
      (this.#throttle !== undefined && !this.#throttle.isOver(now)) ||
      this.#quota?.forget(now) === true ||
      (this.#breaker !== undefined && this.#breaker.state !== 'closed') ||
      (this.rate?.counted(now) ?? 0) > 0
    )
  }

  view(now: number): Omit<QueueView, 'queued' | 'blocked' | 'own' | 'pausedAt'> {
    return {
      name: this.name,
      status: this.#status(now),
      running: this.running,
      ratePerSecond: this.#pace.perSecond(now),
      limits: this.#limits,
      throttle: this.#throttle?.pause,
      quota: this.#quota?.known(now, this.running, this.atHand),
      adapted: this.#adaptive?.limit,
      circuit: this.#breaker && {
        state: this.#breaker.state,
        since: this.#breaker.since,
        retryAt: this.#breaker.retryAt,
      },
    }
  }

  #status(now: number): QueueStatus {
    if (this.#limits.paused) return 'paused'
    if (this.isBroken) return 'broken'
    if (this.#throttle?.isClosed(now)) return 'throttled'
    return this.room(now, 0) > 0 ? 'open' : 'limited'
  }

  #isClosed(now: number): boolean {
    return this.#limits.paused === true || this.isBroken || this.#throttle?.isClosed(now) === true
  }

  /** How many tasks may run at once. */
  #cap(): number {
    const { concurrency = Number.POSITIVE_INFINITY } = this.#limits
    return Math.min(concurrency, this.#adaptive?.limit ?? concurrency, this.#throttle?.allowed ?? concurrency)
  }

  /**
   * Only where a task that is claimed early takes nothing from another: a start that is counted is gone, unless its rate is
   * nowhere near being reached.
   */
  #beyond(now: number, ahead: number): number {
    const { concurrency = 0 } = this.#limits
    if (concurrency < leastToClaimAhead || this.#cap() < concurrency) return 0
    if (this.#quota || this.#breaker || this.#adaptive) return 0
    const most = mostAhead * concurrency
    if (this.#meter && this.#meter.room(now, this.atHand) < plenty * most) return 0
    return Math.min(ahead, most)
  }

  /** Returns whether it is news that the queue is closed, or for how long. */
  #pause({ ms, why }: NonNullable<UpstreamNews['pause']>, now: number): boolean {
    this.#throttle ??= new Throttle()
    const wasClosed = this.#throttle.isClosed(now)
    // If its quota was known to be used up, no more was sent than was known: then the quota says how to go on.
    const slowly = this.#quota === undefined || this.#quota.room(now, this.running, this.atHand) > 0
    this.#throttle.refuse(ms, why, { now, running: this.running, slowly })
    const { until = now } = this.#throttle.pause ?? {}
    if (until <= now || (wasClosed && until < this.#toldUntil + noticeMs)) return false
    this.#toldUntil = until
    return true
  }

  /** Forgets a quota that was not heard of for long; returns whether it did. */
  #forget(now: number): boolean {
    if (this.#quota === undefined || this.#quota.forget(now)) return false
    this.#quota = undefined
    this.#judge()
    return true
  }

  #judge(): void {
    this.#plain = this.#quota === undefined && this.#throttle === undefined && isUnlimited(this.#limits)
  }
}

const isUnlimited = (limits: EffectiveLimits): boolean => Object.keys(limits).length === 0
