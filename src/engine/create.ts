import { atMost, type Clock } from '../clock.ts'
import type { Limits } from '../job/queues.ts'
import type {
  Acted,
  Action,
  Added,
  Addition,
  JobChange,
  JobRecord,
  NewJob,
  Store,
  Submitted,
} from '../store/store.ts'
import type { Census } from './census.ts'
import { Commits } from './commits.ts'
import { type Defaults, withDefaults } from './defaults.ts'
import { dependencyOf, sourcesOf } from './dependency.ts'
import type { Engine, Health, Occupancy, QueueListQuery, QueueView } from './engine.ts'
import { Flow } from './flow/flow.ts'
import { heeding } from './health/heeding.ts'
import { Recovery } from './health/recovery.ts'
import { refusalOf, stopping, Vitals } from './health/vitals.ts'
import { Hub } from './hub.ts'
import { Intake } from './intake.ts'
import type { EngineOptions } from './options.ts'
import { Outbox } from './outbox.ts'
import { Pulse } from './pulse.ts'
import { Queues } from './queues.ts'
import { Rates } from './rates.ts'
import { Runner } from './runner.ts'
import { KeptSchedules } from './schedules/schedules.ts'
import { Tally } from './tally/tally.ts'
import { Waiting } from './waiting.ts'

/** A task is rescued so often; if the server dies with it once more, the task fails. */
const mostRescues = 3

export const createEngine = (options: EngineOptions): Engine => new GatherEngine(options)

/**
 * Data flows one way: submit → store → claim → attempt → settle → event. Whatever happens in one turn of the event loop
 * shares one commit; while a commit is under way, more gathers for the next.
 */
class GatherEngine implements Engine {
  readonly store: Store
  readonly schedules: KeptSchedules
  readonly tally: Tally
  readonly follow: Engine['follow'] = (...given) => this.#hub.follow(...given)
  readonly select: Engine['select'] = (...given) => this.#hub.select(...given)
  readonly expect: Engine['expect'] = (job) => this.#outbox.expect(job)
  readonly #clock: Clock
  readonly #log: NonNullable<EngineOptions['log']>
  readonly #graceMs: number
  readonly #intake = new Intake()
  readonly #defaults: Defaults
  readonly #outbox: Outbox
  readonly #rates = new Rates()
  readonly #hub: Hub
  readonly #waiting: Waiting
  readonly #pulse: Pulse
  readonly #flow: Flow
  readonly #queues: Queues
  readonly #runner: Runner
  readonly #vitals: Vitals
  readonly #recovery: Recovery
  readonly #commits: Commits
  #state: 'new' | 'running' | 'stopping' | 'stopped' = 'new'
  #stopped: Promise<void> | undefined

  constructor({ kinds, clock, concurrency = 256, graceMs = 10_000, ...rest }: EngineOptions) {
    this.#clock = clock
    const {
      log = () => {},
      vitals = new Vitals({ clock, log }),
      tally = new Tally(Object.keys(kinds)),
    } = rest
    this.tally = tally
    this.#log = log
    this.#vitals = vitals
    const store = heeding(rest.store, vitals)
    this.store = store
    this.#graceMs = graceMs
    this.#defaults = { keepMs: rest.keepMs, idempotencyMs: rest.idempotencyMs }
    this.#hub = new Hub({ clock, store, rate: (job) => this.rate(job) })
    this.#waiting = new Waiting(store, clock)
    this.#pulse = new Pulse({
      clock,
      runs: () => this.#state === 'running' || this.#state === 'stopping',
      pressing: () => !this.#intake.empty && this.#recovery.isOver,
      commit: () => this.#commits.next(),
    })
    this.#flow = new Flow(rest.queueDefaults)
    this.#recovery = new Recovery({ intake: this.#intake, flow: this.#flow, pulse: this.#pulse, vitals, log })
    this.#queues = new Queues({
      store,
      flow: this.#flow,
      clock,
      commit: (change) => this.#accept(() => this.#intake.limit(change)),
    })
    const own = { ...rest, store, kinds, clock, log: this.#log, engine: this }
    this.schedules = new KeptSchedules(own, (change) => this.#accept(() => this.#intake.reschedule(change)))
    this.#outbox = new Outbox({ store, clock, log, submit: (job) => this.submit(job) })
    this.#runner = new Runner(kinds, concurrency, {
      clock,
      flow: this.#flow,
      tally: this.tally.attempts,
      maxOutputBytes: rest.maxOutputBytes ?? 16 * 1024 * 1024,
      sourcesOf: (claim) => sourcesOf(store, claim, rest.secrets),
      dependency: (claim, task) => dependencyOf(store, claim, task),
      progress: (claim, progress) => this.#hub.progress(claim, progress),
      upstream: ({ queue }, news) => this.#flow.heard(queue, news, clock.now()),
      log: ({ jobId: job, index, attempt }, level, message, fields) =>
        this.#log(level, message, { job, index, attempt, ...fields }),
      settle: (claim, result) => {
        this.#intake.settle({ claim, result })
        this.#recovery.heed(result, this.#runner.size)
        this.#commits.gather()
      },
    })
    this.#commits = new Commits({
      store,
      clock,
      intake: this.#intake,
      flow: this.#flow,
      runner: this.#runner,
      pulse: this.#pulse,
      vitals,
      recovery: this.#recovery,
      tally: this.tally,
      concurrency,
      mostWaiting: rest.mostWaiting,
      claims: () => this.#state === 'running',
      tell: (changes, now) => this.#tell(changes, now),
    })
  }

  async start(): Promise<void> {
    const rescued = await this.store.rescue(this.#clock.now(), mostRescues)
    this.tally.commits.tasksRescued += rescued
    if (rescued > 0) this.#log('warn', 'Rescued tasks that a dead process left running', { rescued })
    this.#flow.load(await this.store.flow(), this.#clock.now())
    if (this.#state !== 'new') return
    this.#state = 'running'
    this.#pulse.soon()
    this.schedules.start()
    this.#outbox.take()
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  submit(job: NewJob): Promise<Submitted> {
    return this.#accept(() => this.#intake.submit(withDefaults(job, this.#defaults)))
  }

  add(addition: Addition): Promise<Added> {
    return this.#accept(() => this.#intake.add(addition))
  }

  act(action: Action): Promise<Acted> {
    return this.#accept(() => this.#intake.act(action))
  }

  get followers(): number {
    return this.#hub.followers
  }

  ended(id: string, ms: number, signal?: AbortSignal): Promise<JobRecord | undefined> {
    return this.#waiting.for(id, { until: 'ended', ms, signal })
  }

  decided(id: string, ms: number, signal?: AbortSignal): Promise<JobRecord | undefined> {
    return this.#waiting.for(id, { until: 'decided', ms, signal })
  }

  queues(query: QueueListQuery): Promise<QueueView[]> {
    return this.#queues.list(query)
  }

  queue(name: string): Promise<QueueView> {
    return this.#queues.one(name)
  }

  limit(name: string, limits: Limits | undefined): Promise<boolean> {
    return this.#queues.limit(name, limits)
  }

  watchQueues(listener: (queue: QueueView) => void): () => void {
    return this.#queues.watch(listener)
  }

  rate(job: JobRecord): number {
    return this.#rates.of(job, this.#clock.now())
  }

  occupancy(): Occupancy {
    const { concurrency, waiting: atHand } = this.#runner
    const running = this.#runner.sizes()
    return { concurrency, running, atHand, followers: this.followers, waiters: this.#waiting.size }
  }

  census(most: number): Promise<Census> {
    return this.#queues.census(most)
  }

  health(): Health {
    return this.#vitals.health(this.#state === 'running' ? undefined : `Sheaf is ${this.#state}.`)
  }

  async #accept<T>(enter: () => Promise<T>): Promise<T> {
    if (this.#state === 'stopping' || this.#state === 'stopped') throw stopping()
    if (this.#vitals.fault) throw refusalOf(this.#vitals.fault)
    const answer = enter()
    this.#pulse.soon()
    return answer
  }

  #tell(changes: readonly JobChange[], now: number): void {
    for (const { job } of changes) this.#rates.note(job, now)
    this.#hub.publish(changes)
    this.#waiting.publish(changes)
  }

  async #stop(): Promise<void> {
    if (this.#state === 'running')
      await Promise.all([this.schedules.stop(), this.#outbox.stop(), this.#drain()])
    this.#state = 'stopped'
    this.#pulse.stop()
    this.#intake.joinAgain(stopping())
    this.#intake.take().refuse(stopping())
    this.#hub.close()
    this.#waiting.close()
  }

  /** Waits for what runs, gives back the rest, and brings all of it to disk if the disk takes it. */
  async #drain(): Promise<void> {
    this.#state = 'stopping'
    this.#runner.giveBackAll()
    await atMost(this.#graceMs, this.#runner.idle(), this.#clock)
    this.#runner.release()
    if (!this.#intake.empty) this.#pulse.soon()
    await this.#pulse.quiet()
  }
}
