import { Flow } from '../../../src/engine/flow/flow.ts'
import type { Limits } from '../../../src/job/queues.ts'
import type { UpstreamNews } from '../../../src/kinds/kind.ts'
import type { LimitsRecord } from '../../../src/store/flow.ts'
import type { AttemptResult, Claim } from '../../../src/store/store.ts'

/** A claim of a queue, as far as flow control looks at it. */
export const claimOf = (queue: string, index = 0): Claim => ({
  job: 1,
  jobId: 'job',
  index,
  key: undefined,
  kind: 'http',
  queue,
  queueNumber: 1,
  attempt: 1,
  failures: 0,
  waitedMs: 0,
  input: '{}',
  template: undefined,
  options: undefined,
  defaults: {},
  concurrency: undefined,
  mode: 'all',
  startedAt: 0,
})

export const recordOf = (name: string, limits: Limits, at = 0): LimitsRecord => ({
  name,
  limits,
  pausedAt: limits.paused ? at : undefined,
  updatedAt: at,
})

/** How an attempt goes: how long it takes, what its upstream says when it answers, and how it ends. */
export interface Course {
  ms: number
  news?: UpstreamNews
  result: Extract<AttemptResult['type'], 'succeeded' | 'failed' | 'retry' | 'snooze'>
}

export interface WorldOptions {
  limits?: Readonly<Record<string, Limits>>
  /** How many tasks wait in each queue. */
  tasks: Readonly<Record<string, number>>
  /** How many run at once in all. Default 64. */
  concurrency?: number
  ahead?: number
  /** How long a claim is held until it starts, in milliseconds. Default: not at all. */
  holdMs?: () => number
  /** What an attempt meets that starts at that time. Default: it succeeds after 10 ms. */
  answer?: (queue: string, at: number) => Course
}

interface Lane {
  due: number
  isParked: boolean
}

/**
 * The engine and the store, as far as flow control has to do with them, in a time of their own: tasks without end or number in the
 * store's lanes, commits that claim, attempts that end.
 */
export class World {
  now = 1_700_000_000_000
  flow = new Flow()
  readonly limits = new Map<string, LimitsRecord>()
  readonly lanes = new Map<string, Lane>()
  readonly starts: { queue: string; at: number }[] = []
  readonly running = new Map<string, number>()
  /** The most that ever ran at once, by queue. */
  readonly peak = new Map<string, number>()
  readonly results = new Map<string, number>()
  commits = 0
  #counted = new Map<string, { queue: string; bucket: number; count: number; at: number | undefined }>()
  #notes = new Map<string, string>()
  #window: { claim: Claim; from: number }[] = []
  #attempts = new Map<Claim, { startedAt: number; endsAt: number; course: Course }>()

  constructor(readonly options: WorldOptions) {
    for (const [queue, due] of Object.entries(options.tasks)) this.lanes.set(queue, { due, isParked: false })
    for (const [name, limits] of Object.entries(options.limits ?? {}))
      this.limits.set(name, recordOf(name, limits))
    this.restart()
  }

  /** The process dies: what ran is due again, and all that is left is what was written. */
  restart(): void {
    for (const { queue } of this.#attempts.keys()) this.#lane(queue).due += 1
    for (const { claim } of this.#window) this.#lane(claim.queue).due += 1
    this.#attempts.clear()
    this.#window = []
    this.running.clear()
    for (const lane of this.lanes.values()) lane.isParked = false
    this.flow = new Flow()
    this.flow.onChange((queue) => this.#giveBack(queue))
    const states = [...this.#notes].map(([queue, state]) => ({ queue, state }))
    this.flow.load(
      { limits: [...this.limits.values()], states, starts: [...this.#counted.values()] },
      this.now,
    )
    this.commit()
  }

  setLimits(name: string, limits: Limits | undefined): void {
    const record = limits && recordOf(name, limits, this.now)
    if (record) this.limits.set(name, record)
    else this.limits.delete(name)
    this.flow.setLimits(name, record, this.now)
    this.commit()
  }

  get left(): number {
    let left = this.#window.length + this.#attempts.size
    for (const { due } of this.lanes.values()) left += due
    return left
  }

  /** Lives on until that time, or until nothing is left or would ever happen. */
  run(until: number): void {
    while (this.left > 0) {
      const next = this.#next()
      if (next === undefined || next > until) break
      this.now = Math.max(this.now, next)
      for (const [claim, { endsAt }] of [...this.#attempts]) if (endsAt <= this.now) this.#end(claim)
      this.commit()
    }
    if (this.left > 0) this.now = Math.max(this.now, until)
  }

  /** When anything happens next; undefined when the world stands still. */
  #next(): number | undefined {
    const times = [...this.#attempts.values()].map(({ endsAt }) => endsAt)
    for (const { from } of this.#window) if (from > this.now) times.push(from)
    const opensAt = this.flow.nextOpenAt()
    if (opensAt !== undefined) times.push(Math.max(this.now + 1, opensAt))
    return times.length === 0 ? undefined : Math.min(...times)
  }

  /** As the engine does: asks which queues have opened, commits, tells what came of it, starts what may start. */
  commit(): void {
    for (let again = true; again; ) {
      this.commits += 1
      const { concurrency = 64, ahead = 0 } = this.options
      this.flow.begin(this.now, ahead)
      const free = Math.max(0, concurrency + ahead - this.#attempts.size - this.#window.length)
      const opened = free > 0 ? this.flow.opened(this.now) : []
      this.#write()
      const claimed = this.#claim(free, opened)
      this.#refill()
      again = claimed < free && this.flow.opened(this.now).length > 0
      if (this.commits > 200_000) throw new Error('The world goes round and round.')
    }
  }

  #write(): void {
    const { queueStates, started } = this.flow.takeChanges()
    for (const { queue, state } of queueStates) {
      if (state === undefined) this.#notes.delete(queue)
      else this.#notes.set(queue, state)
    }
    for (const { queue, bucket, at, from } of started) {
      const row = this.#counted.get(`${queue} ${bucket}`)
      if (row) row.at = at
      for (const [key, old] of this.#counted)
        if (old.queue === queue && old.bucket < from) this.#counted.delete(key)
    }
  }

  #claim(free: number, opened: readonly string[]): number {
    for (const queue of opened) this.#lane(queue).isParked = false
    const claims: Claim[] = []
    const parked: string[] = []
    for (const [queue, lane] of this.lanes) {
      if (lane.due === 0 || lane.isParked || claims.length >= free) continue
      const room = this.flow.room(queue)
      const taken = Math.min(room, lane.due, free - claims.length)
      for (let index = 0; index < taken; index += 1) claims.push(claimOf(queue, index))
      lane.due -= taken
      this.#count(queue, taken)
      if (taken < room) continue
      lane.isParked = true
      parked.push(queue)
    }
    this.flow.drained(opened.filter((queue) => !this.#lane(queue).isParked))
    this.flow.parked(parked)
    this.flow.claimed(claims, this.now)
    for (const claim of claims) this.#window.push({ claim, from: this.now + (this.options.holdMs?.() ?? 0) })
    return claims.length
  }

  #count(queue: string, taken: number): void {
    const width = taken > 0 ? this.flow.bucketMs(queue) : undefined
    if (width === undefined) return
    const bucket = Math.floor(this.now / width) * width
    const row = this.#counted.get(`${queue} ${bucket}`)
    this.#counted.set(`${queue} ${bucket}`, {
      queue,
      bucket,
      count: (row?.count ?? 0) + taken,
      at: undefined,
    })
  }

  #refill(): void {
    const { concurrency = 64 } = this.options
    this.#window = this.#window.filter(({ claim, from }) => {
      if (from > this.now || this.#attempts.size >= concurrency || !this.flow.mayStart(claim.queue))
        return true
      this.#start(claim)
      return false
    })
  }

  #start(claim: Claim): void {
    const { queue } = claim
    const course = this.options.answer?.(queue, this.now) ?? { ms: 10, result: 'succeeded' as const }
    this.starts.push({ queue, at: this.now })
    const running = (this.running.get(queue) ?? 0) + 1
    this.running.set(queue, running)
    this.peak.set(queue, Math.max(running, this.peak.get(queue) ?? 0))
    this.flow.started(claim, this.now)
    this.#attempts.set(claim, { startedAt: this.now, endsAt: this.now + course.ms, course })
  }

  #end(claim: Claim): void {
    const attempt = this.#attempts.get(claim)
    if (attempt === undefined) return
    const { queue } = claim
    const { news, result } = attempt.course
    if (news) this.flow.heard(queue, news, this.now)
    this.#attempts.delete(claim)
    this.running.set(queue, (this.running.get(queue) ?? 0) - 1)
    this.results.set(result, (this.results.get(result) ?? 0) + 1)
    if (result === 'snooze' || result === 'retry') this.#lane(queue).due += 1
    this.flow.ended(claim, result, this.now - attempt.startedAt, this.now)
  }

  #giveBack(queue: string): void {
    if (this.flow.mayStart(queue)) return
    this.#window = this.#window.filter(({ claim }) => {
      if (claim.queue !== queue) return true
      this.flow.unclaimed(claim)
      this.#lane(queue).due += 1
      return false
    })
  }

  #lane(queue: string): Lane {
    const lane = this.lanes.get(queue) ?? { due: 0, isParked: false }
    this.lanes.set(queue, lane)
    return lane
  }
}

/** The most starts in any stretch of that length. */
export const mostWithin = (times: readonly number[], perMs: number): number => {
  const sorted = times.toSorted((a, b) => a - b)
  let most = 0
  let first = 0
  for (const [index, at] of sorted.entries()) {
    while ((sorted[first] ?? at) <= at - perMs) first += 1
    most = Math.max(most, index - first + 1)
  }
  return most
}
