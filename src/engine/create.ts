import type { Clock } from '../clock.ts'
import { failpoint } from '../failpoint.ts'
import { Problem } from '../job/errors.ts'
import type { Limits } from '../job/queues.ts'
import type { Acted, Action, Claim, Committed, JobRecord, NewJob, Store, Submitted } from '../store/store.ts'
import { addressOf, dependencyOf } from './dependency.ts'
import { waitForEnd } from './ended.ts'
import type { Engine, Health, QueueListQuery, QueueView } from './engine.ts'
import { Flow } from './flow/flow.ts'
import { type FollowOptions, follow } from './follow.ts'
import { Hub } from './hub.ts'
import { Intake, type Taken } from './intake.ts'
import { Lookahead } from './lookahead.ts'
import type { EngineOptions } from './options.ts'
import { Pulse } from './pulse.ts'
import { Queues } from './queues.ts'
import { Rates } from './rates.ts'
import { Runner } from './runner.ts'
import { KeptSchedules } from './schedules/schedules.ts'

/** A task is rescued so often; if the server dies with it once more, the task fails. */
const mostRescues = 3
/** How long to wait before a commit that failed is tried again. */
const commitRetryMs = 500

export const createEngine = (options: EngineOptions): Engine => new GatherEngine(options)

/**
 * Data flows one way: submit → store → claim → attempt → settle → event. Whatever happens in one turn of the event loop
 * shares one commit; while a commit is under way, more gathers for the next.
 */
class GatherEngine implements Engine {
  readonly store: Store
  readonly schedules: KeptSchedules
  readonly #clock: Clock
  readonly #log: NonNullable<EngineOptions['log']>
  readonly #concurrency: number
  readonly #graceMs: number
  readonly #lookahead: Lookahead
  readonly #intake = new Intake()
  readonly #mostWaiting: number | undefined
  readonly #rates = new Rates()
  readonly #hub: Hub
  readonly #pulse: Pulse
  readonly #flow: Flow
  readonly #queues: Queues
  readonly #runner: Runner
  #state: 'new' | 'running' | 'stopping' | 'stopped' = 'new'
  #fault: string | undefined
  #stopped: Promise<void> | undefined

  constructor({ store, kinds, clock, concurrency = 256, graceMs = 10_000, ...rest }: EngineOptions) {
    this.store = store
    this.#clock = clock
    this.#log = rest.log ?? (() => {})
    this.#concurrency = concurrency
    this.#graceMs = graceMs
    this.#lookahead = new Lookahead(concurrency)
    this.#mostWaiting = rest.mostWaiting
    this.#hub = new Hub(clock, (job) => this.rate(job))
    this.#pulse = new Pulse({
      clock,
      runs: () => this.#state === 'running' || this.#state === 'stopping',
      pressing: () => !this.#intake.empty && this.#fault === undefined,
      commit: () => this.#commit(),
    })
    this.#flow = new Flow(rest.queueDefaults)
    this.#queues = new Queues({
      store,
      flow: this.#flow,
      clock,
      commit: (change) => this.#accept(() => this.#intake.limit(change)),
    })
    const own = { ...rest, store, kinds, clock, log: this.#log, engine: this }
    this.schedules = new KeptSchedules(own, (change) => this.#accept(() => this.#intake.reschedule(change)))
    this.#flow.onChange((queue) => this.#regulate(queue))
    this.#runner = new Runner(kinds, concurrency, {
      clock,
      flow: this.#flow,
      maxOutputBytes: rest.maxOutputBytes ?? 16 * 1024 * 1024,
      sourcesOf: ({ job: number }) => ({
        output: async (task) => (await store.task({ number }, addressOf(task)))?.output,
        secret: (name) => rest.secrets?.get(name),
      }),
      dependency: (claim, task) => dependencyOf(store, claim, task),
      progress: (claim, progress) => this.#hub.progress(claim.jobId, claim.index, progress),
      upstream: ({ queue }, news) => this.#flow.heard(queue, news, clock.now()),
      log: (claim, level, message, fields) =>
        this.#log(level, message, {
          job: claim.jobId,
          index: claim.index,
          attempt: claim.attempt,
          ...fields,
        }),
      settle: (claim, result) => {
        this.#intake.settle({ claim, result })
        // While no place is empty, a commit can wait for more to share it.
        if (this.#runner.waiting > 0 && !this.#runner.holds) this.#pulse.linger()
        else this.#pulse.soon()
      },
    })
  }

  async start(): Promise<void> {
    const rescued = await this.store.rescue(this.#clock.now(), mostRescues)
    if (rescued > 0) this.#log('warn', 'Rescued tasks that a dead process left running', { rescued })
    this.#flow.load(await this.store.flow(), this.#clock.now())
    if (this.#state !== 'new') return
    this.#state = 'running'
    this.#pulse.soon()
    this.schedules.start()
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

  ended(id: string, ms: number, signal?: AbortSignal): Promise<JobRecord | undefined> {
    return waitForEnd({ store: this.store, hub: this.#hub, clock: this.#clock }, id, ms, signal)
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

  health(): Health {
    if (this.#fault !== undefined) return { ok: false, reason: this.#fault }
    return this.#state === 'running' ? { ok: true } : { ok: false, reason: `Sheaf is ${this.#state}.` }
  }

  async #accept<T>(enter: () => Promise<T>): Promise<T> {
    if (this.#state === 'stopping' || this.#state === 'stopped') throw stopping()
    if (this.#fault !== undefined) throw new Problem('unavailable', this.#fault)
    const answer = enter()
    this.#pulse.soon()
    return answer
  }

  async #commit(): Promise<void> {
    const now = this.#clock.now()
    const taken = this.#intake.take()
    const ahead = this.#lookahead.after(taken.settlements.length, now)
    const claim = this.#state === 'running' ? this.#freeWith(ahead) : 0
    const flow = this.#flow
    flow.begin(now, ahead)
    const opened = claim > 0 ? flow.opened(now) : []
    const changes = flow.takeChanges()
    const batch = {
      ...taken.batch(),
      ...changes,
      claim,
      ahead,
      gate: flow,
      opened,
      mostWaiting: this.#mostWaiting,
    }
    let committed: Committed
    failpoint('before-commit')
    try {
      committed = await this.store.commit(batch, now)
    } catch (error) {
      flow.keep(changes)
      this.#failed(taken, error)
      return
    }
    this.#fault = undefined
    this.#control(committed, now)
    failpoint('before-answers')
    taken.answer(committed)
    failpoint('before-events')
    this.#tell(committed, now)
    failpoint('before-starts')
    this.#runner.goOn()
    for (const claim of committed.claimed) this.#start(claim)
    if (committed.unfinished || (committed.claimed.length < claim && flow.opened(now).length > 0))
      this.#pulse.wake(0)
    else this.#wakeAt(committed.wakeAt, now)
  }

  /** Tells flow control what came of a commit. */
  #control({ limited, drained, parked, claimed }: Committed, now: number): void {
    this.#flow.claimed(claimed, now)
    this.#flow.drained(drained)
    this.#flow.parked(parked)
    for (const { name, record } of limited) this.#flow.setLimits(name, record, now)
  }

  /** A queue has changed what it allows: what it holds and may not start is given back; what waits may have its turn. */
  #regulate(queue: string): void {
    if (!this.#flow.mayStart(queue)) this.#runner.giveBackIn(queue)
    this.#pulse.soon()
  }

  /** Comes back when something is due, or a queue opens. */
  #wakeAt(due: number | undefined, now: number): void {
    const opens = this.#flow.nextOpenAt()
    const at = Math.min(due ?? Number.POSITIVE_INFINITY, opens ?? Number.POSITIVE_INFINITY)
    if (at < Number.POSITIVE_INFINITY) this.#pulse.wake(at - now)
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

  /** Nothing of the batch is on disk. Who waits is told; the ends of attempts are kept, and tried again. */
  #failed(taken: Taken, error: unknown): void {
    this.#fault = 'The database cannot be written at the moment.'
    this.#log('error', 'A commit failed', { error: error instanceof Error ? error.message : String(error) })
    taken.refuse(new Problem('unavailable', this.#fault))
    this.#intake.keep(taken)
    this.#pulse.wake(commitRetryMs)
  }

  async #stop(): Promise<void> {
    if (this.#state === 'running') await Promise.all([this.schedules.stop(), this.#drain()])
    this.#state = 'stopped'
    this.#pulse.stop()
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
    if (!this.#intake.empty) this.#pulse.soon()
    await this.#pulse.quiet()
  }
}

const stopping = () =>
  new Problem('unavailable', 'The server is stopping. Try again at once, elsewhere or later.')
