import type { Breaker as Settings } from '../../job/queues.ts'

/** How many times as long as at first the circuit stays open when its probes keep failing. */
const longest = 10

export type Circuit = 'closed' | 'open' | 'probing'

/** What is kept of a circuit across a restart. */
export interface KeptCircuit {
  state: Circuit
  since: number
  retryAt?: number
  /** How long it is open for, this time. */
  openMs: number
}

/**
 * Stops a queue whose upstream fails. Closed, it counts the latest `of` attempts, and opens when at least a share of `failures` of
 * them failed. Open, it lets nothing start for `openMs`; then it probes: `probes` tasks at once, and not one more. If all of
 * them succeed it closes and has forgotten everything; when one fails it is open again, twice as long as before, up to ten
 * times `openMs`. What was started before it opened counts neither way.
 */
export class Breaker {
  #settings: Settings
  #state: Circuit = 'closed'
  #since: number
  #retryAt: number | undefined
  #openMs: number
  /** The latest attempts, in a ring: whether each failed. */
  #latest: boolean[] = []
  #place = 0
  #failed = 0
  #probing = 0
  #passed = 0
  /** Of the tasks that run: those that were started since the circuit last moved. */
  #current = new Set<object>()

  constructor(settings: Settings, now: number) {
    this.#settings = settings
    this.#since = now
    this.#openMs = settings.openMs
  }

  get state(): Circuit {
    return this.#state
  }
  get since(): number {
    return this.#since
  }
  /** When it probes, while it is open. */
  get retryAt(): number | undefined {
    return this.#retryAt
  }

  retune(settings: Settings): void {
    this.#settings = settings
    this.#openMs = settings.openMs
    this.#forget()
  }

  /** What is to be kept; undefined while it is closed. */
  get kept(): KeptCircuit | undefined {
    if (this.#state === 'closed') return undefined
    const kept = { state: this.#state, since: this.#since, openMs: this.#openMs }
    return this.#retryAt === undefined ? kept : { ...kept, retryAt: this.#retryAt }
  }

  /** Goes on with what was kept; a circuit that was probing probes anew. */
  resume({ since, retryAt, openMs }: KeptCircuit, now: number): void {
    this.#openMs = Math.min(Math.max(1, openMs), this.#settings.openMs * longest)
    this.#move('open', since)
    this.#retryAt = Math.min(retryAt ?? now, now + this.#openMs)
  }

  /** Begins to probe if it is time; returns whether it did. */
  advance(now: number): boolean {
    if (this.#retryAt === undefined || now < this.#retryAt) return false
    this.#move('probing', now)
    return true
  }

  /** How many tasks may start now. */
  get room(): number {
    if (this.#state === 'closed') return Number.POSITIVE_INFINITY
    return this.#state === 'open' ? 0 : Math.max(0, this.#settings.probes - this.#probing - this.#passed)
  }

  started(task: object): void {
    if (this.#state === 'probing') this.#probing += 1
    this.#current.add(task)
  }

  /** A task has ended: well, badly, or (undefined) in a way that says nothing. Returns whether the circuit moved. */
  ended(task: object, ok: boolean | undefined, now: number): boolean {
    if (!this.#current.delete(task)) return false
    return this.#state === 'closed' ? this.#count(ok, now) : this.#judge(ok, now)
  }

  #count(ok: boolean | undefined, now: number): boolean {
    if (ok === undefined) return false
    const { of, failures } = this.#settings
    if (this.#latest[this.#place] === true) this.#failed -= 1
    this.#latest[this.#place] = !ok
    this.#place = (this.#place + 1) % of
    if (!ok) this.#failed += 1
    if (this.#latest.length < of || this.#failed / of < failures) return false
    this.#open(this.#settings.openMs, now)
    return true
  }

  #judge(ok: boolean | undefined, now: number): boolean {
    this.#probing -= 1
    if (ok === undefined) return false
    if (!ok) {
      this.#open(Math.min(2 * this.#openMs, longest * this.#settings.openMs), now)
      return true
    }
    this.#passed += 1
    if (this.#passed < this.#settings.probes) return false
    this.#move('closed', now)
    return true
  }

  #open(ms: number, now: number): void {
    this.#openMs = ms
    this.#move('open', now)
    this.#retryAt = now + ms
  }

  #move(state: Circuit, now: number): void {
    this.#state = state
    this.#since = now
    this.#retryAt = undefined
    this.#current.clear()
    this.#probing = 0
    this.#passed = 0
    this.#forget()
  }

  #forget(): void {
    this.#latest = []
    this.#place = 0
    this.#failed = 0
  }
}
