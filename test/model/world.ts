import { expect } from 'bun:test'
import type { Limits } from '../../src/job/queues.ts'
import type { Action, Claim, Store } from '../../src/store/store.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { Audience } from './audience.ts'
import { Comparison } from './compare.ts'
import type { Event, Moment } from './event.ts'
import { isOver, type Job } from './job.ts'
import { type Fate, Machine } from './machine.ts'
import { type JobPlan, submissionOf } from './plan.ts'
import { checkRest, isGathering, nextMoment } from './rest.ts'
import { Service } from './service.ts'

/** Where jobs live for longer than a process. */
export interface Home extends AsyncDisposable {
  store: Store
  /** What the next process finds there. */
  reopen(): Promise<Store>
}

/** For how long there is no process, and how far the wall clock is moved meanwhile. */
export interface Down {
  ms: number
  set: number
}
const atOnce: Down = { ms: 0, set: 0 }

let worlds = 0

const graceMs = 40
/** More moments than any job of a few tasks can take. */
const mostMoments = 2_000

/** The real service and what it ought to be, side by side, on a clock that stands still until it is moved. */
export class World {
  readonly service: Service
  readonly clock = fakeClock()
  skew = 0
  machine: Machine
  readonly #audience = new Audience()
  #events: Event[] = []
  #comparison = new Comparison()
  /** Every claim there was. */
  readonly #claims: Claim[] = []
  #refs = 0
  readonly #scope = `history ${++worlds}`

  static async start(home: Home, concurrency: number): Promise<World> {
    const world = new World(home, concurrency)
    await world.#start()
    await world.settle()
    return world
  }

  private constructor(
    readonly home: Home,
    readonly concurrency: number,
  ) {
    this.service = new Service(concurrency, graceMs)
    this.machine = this.#boot()
  }

  get now(): Moment {
    const elapsed = this.clock.now()
    return { at: elapsed + this.skew, elapsed }
  }

  /** Lets everything happen that needs no time, or hardly any, and holds it to what it ought to be. */
  async settle(): Promise<void> {
    await this.#pass(0)
    for (
      let left = 3;
      left > 0 && this.service.engine === 'up' && isGathering(this.service, this.now);
      left -= 1
    )
      await this.#pass(1)
    if (this.service.engine === 'up' && isGathering(this.service, this.now))
      throw new Error('Attempts have ended, and are not settled')
    const found = await this.#comparison.check(this.home.store, this.service)
    await this.#audience.check(this.service, found, this.machine.engine, this.clock)
  }

  /** Lets time pass, and stops wherever something is due to happen. */
  async advance(ms: number): Promise<void> {
    const until = this.clock.now() + ms
    for (let left = ms; left > 0; left = until - this.clock.now())
      await this.#pass(Math.min(left, nextMoment(this.service, this.now) ?? left))
    await this.settle()
  }

  /** Submits a job, and gives the number that the histories know it by. */
  async submit(plan: JobPlan): Promise<number> {
    const { ref, answer } = this.begin(plan)
    await this.#answered(answer)
    return ref
  }

  /** The same, without waiting. */
  begin(plan: JobPlan): { ref: number; answer: Promise<unknown> } {
    const submission = submissionOf(plan, this.now.at, this.#scope)
    this.#refs += 1
    this.service.expect(submission.id, this.#refs, plan)
    return { ref: this.#refs, answer: this.machine.engine.submit(submission) }
  }

  act(type: Action['type'], { id }: Job): Promise<void> {
    return this.#answered(this.machine.engine.act({ type, job: id }))
  }

  actAtOnce(type: Action['type']): Promise<void> {
    const acts = this.service.jobs.map(({ id }) => this.machine.engine.act({ type, job: id }))
    return this.#answered(Promise.all(acts))
  }

  limit(name: string, limits: Limits | undefined): Promise<void> {
    return this.#answered(this.machine.engine.limit(name, limits))
  }

  async submitAtOnce(plans: readonly JobPlan[]): Promise<void> {
    await this.#answered(Promise.all(plans.map((plan) => this.begin(plan).answer)))
  }

  /**
   * The wall clock is put forward, as after a sleep, and what waits for a time does not know it. Nobody puts it back while a
   * process runs. Not while an attempt runs either: to it, the event loop would seem to have stood still, and its timeout waits.
   */
  async jump(ms: number): Promise<void> {
    if (this.service.running() > 0) return
    this.skew += ms
    this.service.unaware = true
    await this.settle()
  }

  /** Settles an attempt that is over once more, as a process would that was taken for dead. */
  async settleAgain(nth: number): Promise<void> {
    const over = this.#claims.filter((claim) => !this.service.holds(claim))
    // Best one whose task runs again, which is as close as it gets.
    const close = over.filter(
      ({ jobId, index }) => this.service.job(jobId)?.tasks[index]?.state === 'running',
    )
    const claim = close.length > 0 ? close[nth % close.length] : over[nth % over.length]
    // What is due and nobody knows of would be done behind the engine's back.
    if (claim === undefined || this.service.unaware) return
    const result = { type: 'succeeded' as const, output: '"again"' }
    const batch = { submissions: [], actions: [], settlements: [{ claim, result }], claim: 0 }
    const committed = await this.home.store.commit(batch, this.now.at)
    this.#events.push({ type: 'committed', batch, committed, ...this.now })
    await this.settle()
  }

  /** Follows a job from a share of what has happened to it, while something happens to all of them. */
  async follow({ id }: Job, share: number, meanwhile: Action['type']): Promise<void> {
    this.#audience.follow(id, share, this.machine.engine)
    await this.actAtOnce(meanwhile)
  }

  /** The process dies, in the middle of what it is asked for if it is to; another takes over after a while. */
  async crash(down: Down, fate?: Fate, meanwhile: () => unknown = () => {}): Promise<void> {
    this.machine.fate = fate && { ...fate }
    meanwhile()
    await this.#pass(0, false)
    this.#die()
    this.home.store = await this.home.reopen()
    await this.#restart(down)
  }

  /** Something that runs takes the process down, whoever runs it. */
  async crashLoop(times: number): Promise<void> {
    for (let time = 1; time < times; time += 1) {
      this.#die()
      this.home.store = await this.home.reopen()
      this.machine = this.#boot()
      await this.#start()
      await this.#pass(0)
    }
    await this.crash(atOnce)
  }

  /** The same while it works, or after so long. */
  async crashWithin(ms: number, fate: Fate): Promise<void> {
    this.machine.fate = { ...fate }
    const until = this.clock.now() + ms
    for (let left = ms; left > 0 && !this.machine.isDead; left = until - this.clock.now())
      await this.#pass(Math.min(left, nextMoment(this.service, this.now) ?? left), false)
    await this.crash(atOnce)
  }

  /** The process is asked to stop, and another takes over after a while. */
  async stop(down: Down): Promise<void> {
    await this.#stop()
    await this.#restart(down)
  }

  /** Brings every job to its end, takes everything away, and leaves the home as it was. */
  async finish(): Promise<void> {
    for (const name of [...this.service.limits.keys()]) await this.limit(name, undefined)
    for (const job of [...this.service.jobs]) if (job.state === 'paused') await this.act('resume', job)
    for (let left = mostMoments; this.service.jobs.some(({ state }) => !isOver(state)); left -= 1) {
      const next = nextMoment(this.service, this.now)
      if (next === undefined || left === 0) throw new Error('There are jobs that never end')
      await this.#pass(next)
    }
    await this.settle()
    await this.#comparison.checkAll(this.home.store, this.service)
    await this.actAtOnce('delete')
    await this.#comparison.checkAll(this.home.store, this.service)
    await this.#stop()
    expect(this.clock.pending).toBe(0)
  }

  async #stop(): Promise<void> {
    this.service.engine = { stopping: this.clock.now() }
    let stopped = false
    const stopping = this.machine.engine.stop().then(() => {
      stopped = true
    })
    await this.#pass(0)
    while (!stopped && this.clock.now() <= this.service.engine.stopping + graceMs) {
      const left = this.service.engine.stopping + graceMs - this.clock.now()
      await this.#pass(Math.max(1, Math.min(left, nextMoment(this.service, this.now) ?? left)))
    }
    if (!stopped) throw new Error('The engine does not stop')
    await stopping
    expect({ running: this.service.running(), timers: this.machine.timers }).toEqual({
      running: 0,
      timers: 0,
    })
    this.#die()
  }

  #die(): void {
    this.machine.kill()
    this.#audience.leave()
    this.service.engine = 'down'
  }

  async #restart({ ms, set }: Down): Promise<void> {
    await this.#pass(ms)
    this.skew += set
    this.machine = this.#boot()
    await this.#start()
    this.service.unaware = false
    this.#audience.rejoin(this.machine.engine)
    await this.settle()
  }

  #boot(): Machine {
    return new Machine({
      store: this.home.store,
      clock: this.clock,
      skew: () => this.skew,
      concurrency: this.concurrency,
      graceMs,
      tell: (event) => {
        this.#events.push(event)
        if (event.type === 'committed') this.#claims.push(...event.committed.claimed)
      },
    })
  }

  async #start(): Promise<void> {
    this.service.engine = 'up'
    await this.machine.engine.start()
  }

  /** Waits for what was asked for, all that comes of it included. */
  async #answered(answer: Promise<unknown>): Promise<void> {
    let answered = false
    answer.then(
      () => {
        answered = true
      },
      (error) => {
        this.#flaw ??= error
      },
    )
    await this.settle()
    if (!answered) throw new Error('What was asked for was not answered')
  }

  #flaw: unknown

  async #pass(ms: number, rests = true): Promise<void> {
    // As long as one thing leads to another: the clock lets each of them take a few turns of the event loop only.
    for (let left = ms, news = true; news; left = 0) {
      await this.clock.advance(left)
      if (this.machine.flaw !== undefined) throw new Error(this.machine.flaw)
      const events = this.#events.splice(0)
      for (const event of events) this.service.take(event)
      news = events.length > 0
    }
    if (this.#flaw !== undefined) throw this.#flaw
    if (rests) checkRest(this.service, this.now)
  }
}
