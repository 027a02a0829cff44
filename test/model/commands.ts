import fc from 'fast-check'
import type { Limits } from '../../src/job/queues.ts'
import { jobPlan, queueNames } from './arbitrary.ts'
import type { Job } from './job.ts'
import type { Fate } from './machine.ts'
import { planText } from './plan.ts'
import type { Service } from './service.ts'
import type { Down, World } from './world.ts'

type Take = (world: World) => Promise<string>

/** One step of a history. What it was about is known once it was taken, and `take` says it then. */
class Step implements fc.AsyncCommand<Service, World> {
  #text: string

  constructor(
    readonly name: string,
    readonly needsJob: boolean,
    readonly take: Take,
  ) {
    this.#text = name
  }

  check({ jobs }: Readonly<Service>): boolean {
    return !this.needsJob || jobs.length > 0
  }

  async run(_: Service, world: World): Promise<void> {
    this.#text = await this.take(world)
  }

  toString(): string {
    return this.#text
  }

  /** A history that is shown keeps its own words, whatever is tried with its steps afterwards. */
  [fc.cloneMethod](): Step {
    return new Step(this.name, this.needsJob, this.take)
  }
}

/** `text` is known before the step is taken, so that also the one that fails says what it was. */
const step = (text: string, take: (world: World) => Promise<unknown>) =>
  new Step(text, false, async (world) => {
    await take(world)
    return text
  })

const pick = (world: World, nth: number): Job => {
  const { jobs } = world.service
  const job = jobs[nth % jobs.length]
  if (job === undefined) throw new Error('There is no job')
  return job
}

const submit = jobPlan.map((plan) => step(`submit ${planText(plan)}`, (world) => world.submit(plan)))

const submitAtOnce = fc
  .tuple(jobPlan, jobPlan)
  .map(([one, other]) =>
    step(`submit at once ${planText(one)} and ${planText(other)}`, (world) =>
      world.submitAtOnce([one, other]),
    ),
  )

const action = fc.constantFrom('cancel', 'pause', 'resume', 'resume', 'retry', 'retry', 'retry', 'delete')
const act = fc
  .tuple(action, fc.nat({ max: 20 }))
  .map(([type, nth]) => onJob(type, nth, (world, job) => world.act(type, job)))

const actAtOnce = fc
  .constantFrom('cancel', 'cancel', 'pause', 'resume', 'retry')
  .map((type) => step(`${type} all jobs at once`, (world) => world.actAtOnce(type)))

const onJob = (name: string, nth: number, take: (world: World, job: Job) => Promise<unknown>) =>
  new Step(`${name} one`, true, async (world) => {
    const job = pick(world, nth)
    await take(world, job)
    return `${name} job#${job.ref}`
  })

const limits: fc.Arbitrary<Limits | undefined> = fc.constantFrom(
  { concurrency: 1 },
  { concurrency: 1 },
  { concurrency: 2 },
  { concurrency: null },
  { paused: true },
  { paused: false },
  { concurrency: 1, paused: true },
  undefined,
  undefined,
)
const limit = fc
  .tuple(fc.constantFrom(...queueNames, '*'), limits)
  .map(([name, limits]) =>
    step(`limit ${name} to ${JSON.stringify(limits)}`, (world) => world.limit(name, limits)),
  )

const advance = fc
  .constantFrom(1, 5, 10, 20, 20, 50, 50, 200, 1_000)
  .map((ms) => step(`wait ${ms}ms`, (world) => world.advance(ms)))

const jump = fc
  .constantFrom(5, 30, 1_000)
  .map((ms) => step(`put the clock forward by ${ms}ms`, (world) => world.jump(ms)))

const down: fc.Arbitrary<Down> = fc.record({
  ms: fc.constantFrom(0, 0, 10, 100),
  set: fc.constantFrom(0, 0, 0, 0, -30, -1_000, 1_000),
})
const downText = ({ ms, set }: Down) => `start after ${ms}ms${set === 0 ? '' : `, the clock set by ${set}ms`}`
const crash = down.map((down) => step(`crash, and ${downText(down)}`, (world) => world.crash(down)))

const fate: fc.Arbitrary<Fate> = fc.record({ commits: fc.nat({ max: 2 }), written: fc.boolean() })
const fateText = ({ commits, written }: Fate) =>
  `in commit ${commits}, which is ${written ? 'written' : 'lost'}`
const crashLoop = fc
  .constantFrom(3, 4, 5)
  .map((times) => step(`crash ${times} times in a row`, (world) => world.crashLoop(times)))
const crashInSubmit = fc
  .tuple(down, fate, jobPlan)
  .map(([down, fate, plan]) =>
    step(`crash ${fateText(fate)}, at submit ${planText(plan)}, and ${downText(down)}`, (world) =>
      world.crash(down, fate, () => world.begin(plan)),
    ),
  )
const crashInAct = fc
  .tuple(down, fate, action, fc.nat({ max: 20 }))
  .map(([down, fate, type, nth]) =>
    onJob(`crash ${fateText(fate)}, and ${downText(down)}, at ${type}`, nth, (world, job) =>
      world.crash(down, fate, () => world.machine.engine.act({ type, job: job.id })),
    ),
  )
const crashInWork = fc
  .tuple(fate, fc.constantFrom(5, 20, 50))
  .map(([fate, ms]) =>
    step(`crash ${fateText(fate)}, within ${ms}ms, and start at once`, (world) =>
      world.crashWithin(ms, fate),
    ),
  )

const stop = down.map((down) => step(`stop, and ${downText(down)}`, (world) => world.stop(down)))

const follow = fc
  .tuple(fc.nat({ max: 20 }), fc.constantFrom(0, 0.3, 0.7, 1), fc.constantFrom('pause', 'resume', 'cancel'))
  .map(([nth, share, meanwhile]) =>
    onJob(`${meanwhile} all jobs, and follow from ${share} of`, nth, (world, job) =>
      world.follow(job, share, meanwhile),
    ),
  )

const settleAgain = fc
  .nat({ max: 50 })
  .map((nth) => step('settle an attempt that is over', (world) => world.settleAgain(nth)))

const weighted: [weight: number, command: fc.Arbitrary<Step>][] = [
  [10, submit],
  [2, submitAtOnce],
  [11, advance],
  [9, act],
  [3, actAtOnce],
  [4, limit],
  [2, stop],
  [1, crash],
  [1, crashLoop],
  [1, crashInSubmit],
  [1, crashInAct],
  [2, crashInWork],
  [1, jump],
  [2, follow],
  [2, settleAgain],
]

/** Histories, of so many steps at most. */
export const histories = (maxCommands: number) =>
  fc.commands(
    weighted.flatMap(([weight, command]) => Array.from({ length: weight }, () => command)),
    { maxCommands, size: 'max' },
  )
