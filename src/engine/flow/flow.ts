import { isPattern, type Limits, matches } from '../../job/queues.ts'
import type { UpstreamNews } from '../../kinds/kind.ts'
import type { FlowRecords, Gate, LimitsRecord, Starts } from '../../store/flow.ts'
import type { AttemptResult, Claim } from '../../store/store.ts'
import type { QueueView } from '../engine.ts'
import { type FlowChanges, Journal } from './journal.ts'
import { readNote } from './note.ts'
import { Parked } from './parked.ts'
import { type Effect, QueueFlow } from './queue.ts'
import { Rules } from './rules.ts'

/** How many queues that do nothing are remembered at most, for what was estimated of them. */
const mostIdle = 10_000

/**
 * Decides how much each queue may start, in memory: concurrency, rates, pauses, and what upstreams say of themselves. It remembers
 * the queues that run something, wait for room or are held back, and a bounded number of others.
 *
 * It is told what the engine does (`claimed`, `started`, `ended`, …) and asked by the store how much it may claim (`room`).
 */
export class Flow implements Gate {
  readonly #rules: Rules
  readonly #queues = new Map<string, QueueFlow>()
  readonly #parked = new Parked()
  readonly #journal = new Journal(this.#queues)
  readonly #listeners = new Set<(queue: string) => void>()
  #sweepAt = mostIdle
  #now = 0
  #ahead = 0

  /** `defaults` are limits by name or pattern, for what is not set otherwise. Default: none. */
  constructor(defaults: Readonly<Record<string, Limits>> = {}) {
    this.#rules = new Rules(defaults)
  }

  /** Goes on with what was kept; to be called once, before everything else. */
  load({ limits, states, starts }: FlowRecords, now: number): void {
    this.#now = now
    for (const record of limits) this.#rules.set(record.name, record)
    for (const [name, kept] of Map.groupBy(starts, ({ queue }) => queue)) this.#loadStarts(name, kept)
    for (const { queue: name, state = '' } of states) {
      const queue = this.#get(name)
      queue.noted = true
      queue.resume(readNote(state), now)
      if (queue.note(now) !== state) this.#journal.note(name)
      this.#parked.change(queue)
    }
  }

  /** What holds for a queue or a pattern from now on; undefined when that was removed. To be called once it is on disk. */
  setLimits(name: string, record: LimitsRecord | undefined, now: number): void {
    this.#now = now
    this.#rules.set(name, record)
    const told = new Set([name])
    for (const queue of this.#affected(name)) {
      this.#limit(queue)
      if (queue.claimed > 0 || queue.parked) told.add(queue.name)
    }
    for (const queue of told) this.#tell(queue)
  }

  /** To be called before each commit; `ahead` is how many tasks it may claim beyond those that may run. */
  begin(now: number, ahead: number): void {
    this.#ahead = ahead
    this.#wake(now)
  }

  room(name: string): number {
    return this.#limited(name)?.room(this.#now, this.#ahead) ?? Number.POSITIVE_INFINITY
  }

  bucketMs(name: string): number | undefined {
    return this.#limited(name)?.rate?.bucketMs
  }

  /** Whether a claim at hand may start, as of the latest time that was told. */
  mayStart(name: string): boolean {
    const queue = this.#queues.get(name)
    return queue ? queue.mayStart(this.#now) : !this.#rules.resolve(name).paused
  }

  /** Tasks were claimed by a commit of that time. */
  claimed(claims: readonly Claim[], now: number): void {
    this.#now = now
    for (const claim of claims) {
      const queue = this.#get(claim.queue)
      queue.take(claim, now)
      this.#parked.change(queue)
    }
  }

  started(claim: Claim, now: number): void {
    this.#now = now
    const queue = this.#queues.get(claim.queue)
    if (queue === undefined) return
    queue.start(claim, now)
    if (queue.rate) this.#journal.count(queue.name)
    this.#parked.change(queue)
  }

  /** A claim is given back that was never started. */
  unclaimed(claim: Claim): void {
    const queue = this.#queues.get(claim.queue)
    if (queue === undefined) return
    queue.giveBack(claim)
    this.#parked.change(queue)
  }

  /**
   * An attempt has ended after `ms`. `ok` is what that says of the upstream, by `verdictOf`, undefined if nothing. Default: that
   * it works if the attempt succeeded, and is in trouble if it is to be repeated.
   */
  ended(
    claim: Claim,
    result: AttemptResult['type'],
    ms: number,
    now: number,
    ok: boolean | undefined = result === 'succeeded' || (result === 'retry' ? false : undefined),
  ): void {
    this.#now = now
    const queue = this.#queues.get(claim.queue)
    if (queue) this.#effect(queue, queue.end(claim, result, ms, now, ok))
  }

  /** The upstream of a queue said something of the load that it takes. */
  heard(name: string, news: UpstreamNews, now: number): void {
    this.#now = now
    const queue = this.#get(name)
    this.#effect(queue, queue.hear(news, now))
  }

  /** In these queues tasks are due that wait for room. */
  parked(names: readonly string[]): void {
    for (const name of names) this.#parked.add(this.#get(name))
  }

  /** In these queues nothing waits for room any more. */
  drained(names: readonly string[]): void {
    for (const name of names) {
      const queue = this.#queues.get(name)
      if (queue) this.#parked.remove(queue)
    }
  }

  /** Parked queues that have room now, at most so many; they take turns. */
  opened(now: number, most = 64): string[] {
    this.#wake(now)
    return this.#parked.open(now, this.#ahead, most).map(({ name }) => name)
  }

  /** When a queue may have room again because of the time alone; undefined if none will. */
  nextOpenAt(): number | undefined {
    return this.#parked.nextAt(this.#now, this.#ahead)
  }

  /** What has to be written with the next commit; `keep` takes it back if that fails. */
  takeChanges(): FlowChanges {
    return this.#journal.take(this.#now)
  }

  keep(changes: FlowChanges): void {
    this.#journal.keep(changes)
  }

  /** Calls the listener with each queue or pattern that is throttled, whose circuit moves, or whose limits change; returns what ends that. */
  onChange(listener: (queue: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  view(name: string, now: number): Omit<QueueView, 'queued' | 'blocked'> {
    const queue = this.#queues.get(name) ?? new QueueFlow(name, this.#rules.resolve(name), now)
    return { ...queue.view(now), own: this.#rules.own(name), pausedAt: this.#rules.pausedAt(name) }
  }

  /** The queues that run something, wait for room or are held back, and all names and patterns that limits were set for. */
  names(): string[] {
    const names = new Set(this.#rules.names())
    for (const queue of this.#queues.values()) if (!queue.isIdle(this.#now)) names.add(queue.name)
    return [...names]
  }

  /** Undefined for a queue of which nothing is known where nothing has limits: it need not be remembered. */
  #limited(name: string): QueueFlow | undefined {
    return this.#queues.get(name) ?? (this.#rules.isEmpty ? undefined : this.#make(name))
  }

  #get(name: string): QueueFlow {
    return this.#queues.get(name) ?? this.#make(name)
  }

  #make(name: string): QueueFlow {
    if (this.#queues.size >= this.#sweepAt) this.#sweep()
    const queue = new QueueFlow(name, this.#rules.resolve(name), this.#now)
    this.#queues.set(name, queue)
    return queue
  }

  /** Forgets half of the queues that do nothing, those first that have done nothing for longest. Seldom enough to cost nothing. */
  #sweep(): void {
    const idle = [...this.#queues.values()].filter((queue) => queue.isIdle(this.#now))
    idle.sort((a, b) => a.touchedAt - b.touchedAt)
    for (const { name, noted } of idle.slice(0, Math.ceil(idle.length / 2))) {
      this.#queues.delete(name)
      if (noted) this.#journal.note(name)
    }
    this.#sweepAt = this.#queues.size + mostIdle / 2
  }

  /** The queues that are remembered and that limits of this name are for. */
  #affected(name: string): QueueFlow[] {
    if (isPattern(name)) return [...this.#queues.values()].filter((queue) => matches(name, queue.name))
    const queue = this.#queues.get(name)
    return queue ? [queue] : []
  }

  #limit(queue: QueueFlow): void {
    const wasCounted = queue.rate !== undefined
    queue.limit(this.#rules.resolve(queue.name), this.#now)
    if (wasCounted && !queue.rate) this.#journal.forget(queue.name, Number.MAX_SAFE_INTEGER, this.#now)
    if (queue.noted) this.#journal.note(queue.name)
    this.#parked.change(queue)
  }

  #loadStarts(name: string, kept: readonly Starts[]): void {
    const queue = this.#get(name)
    queue.rate?.load(kept, this.#now)
    this.#journal.count(name)
    this.#journal.forget(name, queue.rate?.oldest ?? Number.MAX_SAFE_INTEGER, this.#now)
  }

  /** Goes on with the queues whose time has come. */
  #wake(now: number): void {
    this.#now = now
    let queue = this.#parked.take(now)
    for (; queue; queue = this.#parked.take(now)) this.#effect(queue, queue.advance(now))
  }

  #effect(queue: QueueFlow, { tell, keep }: Effect): void {
    if (keep) this.#journal.note(queue.name)
    this.#parked.change(queue)
    if (tell) this.#tell(queue.name)
  }

  #tell(queue: string): void {
    for (const listener of this.#listeners) listener(queue)
  }
}
