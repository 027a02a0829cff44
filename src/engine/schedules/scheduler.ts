import type { Clock } from '../../clock.ts'
import type { Store } from '../../store/store.ts'
import { comeTo, isDue, type TickHost } from './tick.ts'

export interface SchedulerHost extends TickHost {
  store: Pick<Store, 'job' | 'dueSchedules'>
  clock: Pick<Clock, 'now' | 'after'>
}

/** How many due schedules are in memory at once, and share a commit. */
const page = 100
/** How long to wait when ticks could not be written, or schedules not be read. */
const retryMs = 5_000
/** A timer knows nothing of a clock that is set, or of a machine that slept: it is looked again at least so often. */
const longestNapMs = 60_000

/** Comes to every tick of every schedule. Keeps one timer, for the next of all of them; they themselves stay in the store. */
export class Scheduler {
  readonly #host: SchedulerHost
  #state: 'new' | 'running' | 'stopped' = 'new'
  #round: Promise<void> | undefined
  #again = false
  #cancelTimer: (() => void) | undefined

  constructor(host: SchedulerHost) {
    this.#host = host
  }

  start(): void {
    if (this.#state !== 'new') return
    this.#state = 'running'
    this.wake()
  }

  /** Comes to no further tick; resolves when the last one is over. May be called again. */
  async stop(): Promise<void> {
    this.#state = 'stopped'
    this.#cancelTimer?.()
    await this.#round
  }

  /** Looks for what is due: to be called when a schedule may be due earlier than is known here. */
  wake(): void {
    if (this.#state !== 'running') return
    this.#again = true
    this.#round ??= this.#look()
  }

  async #look(): Promise<void> {
    this.#cancelTimer?.()
    let napMs: number | undefined
    while (this.#again) {
      this.#again = false
      napMs = await this.#comeToAll()
    }
    // In the same turn as the last look at `again`, or a wake in between would be lost.
    this.#round = undefined
    if (this.#state === 'running' && napMs !== undefined)
      this.#cancelTimer = this.#host.clock.after(napMs, () => this.wake())
  }

  /** Comes to all ticks that are due. Returns how long to wait for the next one, undefined if there is none. */
  async #comeToAll(): Promise<number | undefined> {
    const { store, clock } = this.#host
    try {
      while (this.#state === 'running') {
        const due = (await store.dueSchedules(clock.now(), page)).filter(isDue)
        if (due.length === 0) break
        const outcomes = await Promise.allSettled(due.map((schedule) => comeTo(schedule, this.#host)))
        for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
      }
      const [next] = await store.dueSchedules(Number.MAX_SAFE_INTEGER, 1)
      if (next?.nextAt === undefined) return undefined
      return Math.min(Math.max(0, next.nextAt - clock.now()), longestNapMs)
    } catch (error) {
      if (this.#state === 'running')
        this.#host.log('warn', 'Schedules wait, as nothing can be read or written', {
          error: error instanceof Error ? error.message : String(error),
        })
      return retryMs
    }
  }
}
