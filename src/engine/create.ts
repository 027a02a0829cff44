import type { Clock } from '../clock.ts'
import { Problem } from '../job/errors.ts'
import { hasEnded } from '../job/state.ts'
import type { Acted, Action, Claim, Committed, JobRecord, NewJob, Store, Submitted } from '../store/store.ts'
import type { Engine, Health } from './engine.ts'
import { type FollowOptions, follow } from './follow.ts'
import { Hub } from './hub.ts'
import { Intake, type Taken } from './intake.ts'
import { Rates } from './rates.ts'
import { type Kinds, Runner } from './runner.ts'

export interface EngineOptions {
  store: Store
  kinds: Kinds
  clock: Clock
  /** How many tasks run at once. Default 256. */
  concurrency?: number
  /** How long `stop` waits for what runs, in milliseconds. Default 10,000. */
  graceMs?: number
  /** The longest output that is kept, in bytes of JSON. Default 16 MiB. */
  maxOutputBytes?: number
  /** The values of `{{secrets.NAME}}`. Default none. */
  secrets?: ReadonlyMap<string, string>
  log?: (level: 'debug' | 'warn' | 'error', message: string, fields?: Record<string, unknown>) => void
}

const addressOf = (task: string) => (/^\d+$/.test(task) ? { index: Number(task) } : { key: task })

/** A task is rescued so often; if the server dies with it once more, the task fails. */
const mostRescues = 3
/** How long to wait before a commit that failed is tried again. */
const commitRetryMs = 500
/** How long ends of attempts gather for a commit while there is other work at hand. */
const lingerMs = 3
/** The work at hand is what ended lately: after a pause this long, nothing is. */
const lateMs = 20

export const createEngine = (options: EngineOptions): Engine => new GatherEngine(options)

/**
 * Data flows one way: submit → store → claim → attempt → settle → event. Whatever happens in one turn of the event loop
 * shares one commit; while a commit is under way, more gathers for the next.
 */
class GatherEngine implements Engine {
  readonly store: Store
  readonly #clock: Clock
  readonly #log: NonNullable<EngineOptions['log']>
  readonly #concurrency: number
  readonly #graceMs: number
  readonly #intake = new Intake()
  readonly #rates = new Rates()
  readonly #hub: Hub
  readonly #runner: Runner
  #state: 'new' | 'running' | 'stopping' | 'stopped' = 'new'
  #fault: string | undefined
  #scheduled = false
  #committing: Promise<void> | undefined
  #cancelWake: (() => void) | undefined
  #cancelLinger: (() => void) | undefined
  #committedAt = 0
  #stopped: Promise<void> | undefined

  constructor({ store, kinds, clock, concurrency = 256, graceMs = 10_000, ...rest }: EngineOptions) {
    this.store = store
    this.#clock = clock
    this.#log = rest.log ?? (() => {})
    this.#concurrency = concurrency
    this.#graceMs = graceMs
    this.#hub = new Hub(clock, (job) => this.rate(job))
    this.#runner = new Runner(kinds, concurrency, {
      clock,
      maxOutputBytes: rest.maxOutputBytes ?? 16 * 1024 * 1024,
      sourcesOf: ({ job: number }) => ({
        output: async (task) => (await store.task({ number }, addressOf(task)))?.output,
        secret: (name) => rest.secrets?.get(name),
      }),
      progress: (claim, progress) => this.#hub.progress(claim.jobId, claim.index, progress),
      log: (claim, level, message, fields) =>
        this.#log(level, message, {
          job: claim.jobId,
          index: claim.index,
          attempt: claim.attempt,
          ...fields,
        }),
      settle: (claim, result) => {
        this.#intake.settle({ claim, result })
        if (this.#runner.waiting > 0 && !this.#runner.holds) this.#linger()
        else this.#schedule()
      },
    })
  }

  async start(): Promise<void> {
    const rescued = await this.store.rescue(this.#clock.now(), mostRescues)
    if (rescued > 0) this.#log('warn', 'Rescued tasks that a dead process left running', { rescued })
    if (this.#state !== 'new') return
    this.#state = 'running'
    this.#schedule()
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  submit(job: NewJob): Promise<Submitted> {
    return this.#accept(() => this.#intake.submit(job))
  }

  act(action: Action): Promise<Acted> {
    return this.#accept(() => this.#intake.act(action))
  }

  follow(job: string, options: FollowOptions) {
    return follow({ store: this.store, hub: this.#hub, rate: (record) => this.rate(record) }, job, options)
  }

  async ended(id: string, ms: number, signal?: AbortSignal): Promise<JobRecord | undefined> {
    const { promise: ended, resolve } = Promise.withResolvers<JobRecord | undefined>()
    const giveUp = () => resolve(undefined)
    const ignore = this.#hub.whenEnded(id, resolve)
    const cancel = this.#clock.after(ms, giveUp)
    signal?.addEventListener('abort', giveUp, { once: true })
    try {
      const job = await this.store.job(id)
      if (job === undefined || hasEnded(job.state) || signal?.aborted) return job
      return (await ended) ?? (await this.store.job(id))
    } finally {
      ignore()
      cancel()
      signal?.removeEventListener('abort', giveUp)
    }
  }

  rate(job: JobRecord): number {
    return this.#rates.of(job, this.#clock.now())
  }

  health(): Health {
    if (this.#fault !== undefined) return { ok: false, reason: this.#fault }
    return this.#state === 'running' ? { ok: true } : { ok: false, reason: `Sheaf is ${this.#state}.` }
  }

  async #accept<T>(enter: () => Promise<T>): Promise<T> {
    if (this.#state === 'stopping' || this.#state === 'stopped') throw stopping()
    if (this.#fault !== undefined) throw new Problem('unavailable', this.#fault)
    const answer = enter()
    this.#schedule()
    return answer
  }

  /** While no place is empty, a commit can wait for more to share it. */
  #linger(): void {
    if (this.#scheduled || this.#committing) return
    this.#cancelLinger ??= this.#clock.after(lingerMs, () => this.#schedule())
  }

  /** Soon, and once: everything that happens before this turn of the event loop is over goes along. */
  #schedule(): void {
    if (this.#scheduled || this.#committing || this.#state === 'new' || this.#state === 'stopped') return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#committing = this.#commit().finally(() => {
        this.#committing = undefined
        if (!this.#intake.empty && this.#fault === undefined) this.#schedule()
      })
    })
  }

  async #commit(): Promise<void> {
    this.#cancelWake?.()
    this.#cancelLinger?.()
    this.#cancelLinger = undefined
    const now = this.#clock.now()
    const taken = this.#intake.take()
    const ahead = this.#aheadAfter(taken.settlements.length, now)
    const free = this.#state === 'running' ? this.#freeWith(ahead) : 0
    let committed: Committed
    try {
      committed = await this.store.commit(taken.batch(free, ahead), now)
    } catch (error) {
      this.#failed(taken, error)
      return
    }
    this.#fault = undefined
    taken.answer(committed)
    this.#tell(committed, now)
    this.#runner.goOn()
    for (const claim of committed.claimed) this.#start(claim)
    if (committed.unfinished) this.#wake(0)
    else if (committed.wakeAt !== undefined) this.#wake(committed.wakeAt - now)
  }

  /**
   * How many tasks to have at hand beyond those that run, so that a place is filled again without waiting for a commit:
   * as many as ended since the last one. Work that is slow, or has just begun, claims nothing ahead.
   */
  #aheadAfter(ended: number, now: number): number {
    const ahead = now - this.#committedAt <= lateMs ? Math.min(ended, this.#concurrency) : 0
    this.#committedAt = now
    return ahead
  }

  #freeWith(ahead: number): number {
    return Math.max(0, this.#concurrency + ahead - this.#runner.size - this.#runner.waiting)
  }

  /** A claim that was under way when the stop began is given back at once. */
  #start(claim: Claim): void {
    if (this.#state === 'running') this.#runner.take(claim)
    else this.#intake.settle({ claim, result: { type: 'release' } })
  }

  #tell({ changes }: Committed, now: number): void {
    for (const { job } of changes) this.#rates.note(job, now)
    this.#hub.publish(changes)
    for (const { job, moved } of changes) {
      if (!moved) continue
      if (job.outcome !== undefined) this.#runner.cancel(job.number)
      else if (job.state === 'paused') this.#runner.giveBack(job.number)
    }
  }

  #wake(ms: number): void {
    this.#cancelWake = this.#clock.after(ms, () => this.#schedule())
  }

  /** Nothing of the batch is on disk. Who waits is told; the ends of attempts are kept, and tried again. */
  #failed(taken: Taken, error: unknown): void {
    this.#fault = 'The database cannot be written at the moment.'
    this.#log('error', 'A commit failed', { error: error instanceof Error ? error.message : String(error) })
    taken.refuse(new Problem('unavailable', this.#fault))
    this.#intake.keep(taken)
    this.#wake(commitRetryMs)
  }

  async #stop(): Promise<void> {
    if (this.#state === 'running') await this.#drain()
    this.#state = 'stopped'
    this.#cancelWake?.()
    this.#intake.take().refuse(stopping())
    this.#hub.close()
  }

  /** Waits for what runs, gives back the rest, and brings all of it to disk if the disk takes it. */
  async #drain(): Promise<void> {
    this.#state = 'stopping'
    this.#runner.giveBackAll()
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#clock.after(this.#graceMs, resolve)
    await Promise.race([this.#runner.idle(), promise])
    cancel()
    this.#runner.release()
    if (!this.#intake.empty) this.#schedule()
    while (this.#committing || this.#scheduled)
      await (this.#committing ?? new Promise((done) => setImmediate(done)))
  }
}

const stopping = () =>
  new Problem('unavailable', 'The server is stopping. Try again at once, elsewhere or later.')
