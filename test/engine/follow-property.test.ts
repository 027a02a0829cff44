import { afterAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Hub } from '../../src/engine/hub.ts'
import { told } from '../../src/engine/told.ts'
import { hasEnded } from '../../src/job/state.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Action, AttemptResult, Batch, Claim, JobRecord } from '../../src/store/store.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { jobOf } from '../support/engine.ts'
import { jobIn } from '../support/jobs.ts'
import { refused } from '../support/script.ts'
import { expectSame } from './kit/fold.ts'
import { Probe } from './kit/probe.ts'
import { Reader } from './kit/reader.ts'

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
}

const store = openSqlite({ file: ':memory:' })
afterAll(() => store.close())

const endings: readonly AttemptResult[] = [
  { type: 'succeeded', output: '{"ok":true}' },
  { type: 'succeeded', output: JSON.stringify('x'.repeat(20_000)) },
  { type: 'failed', error: refused },
  { type: 'retry', error: refused, runAt: 0 },
  { type: 'snooze', runAt: 0 },
  { type: 'release' },
]

/**
 * A job that the test runs by hand, a commit at a time, and those who follow it. A commit is published so many turns
 * after it is on disk, and the store answers so many turns after it was asked: as over a network, in any order.
 */
class World {
  readonly probe = new Probe(store)
  readonly hub = new Hub({ clock: fakeClock(0), store: this.probe, rate: () => 0 })
  readonly readers: Reader[] = []
  job: JobRecord
  #held: Claim[] = []

  static async of(tasks: number, delays: readonly number[]): Promise<World> {
    const { submitted } = await store.commit({ ...nothing, submissions: [jobOf(tasks)] }, 0)
    return new World(jobIn(submitted[0]), delays)
  }

  constructor(job: JobRecord, delays: readonly number[]) {
    this.job = job
    let reads = 0
    const delay = () => turns(delays[reads++ % delays.length] ?? 0)
    this.probe.beforeRead = delay
    this.probe.afterRead = delay
  }

  async commit(batch: Partial<Batch>, lag = 0): Promise<void> {
    const { changes, claimed } = await store.commit({ ...nothing, ...batch }, 0)
    this.#held.push(...claimed)
    await turns(lag)
    this.hub.publish(changes)
    this.job = (await store.job(this.job.id)) ?? this.job
  }

  /** Ends some of what runs, and claims more. */
  step(results: readonly AttemptResult[], claim: number, lag: number): Promise<void> {
    const settlements = this.#held.splice(0, results.length).map((claim, i) => ({
      claim,
      result: results[i] ?? { type: 'release' as const },
    }))
    return this.commit({ settlements, claim }, lag)
  }

  act(type: Action['type'], lag: number): Promise<void> {
    return this.commit({ actions: [{ type, job: this.job.id }] }, lag)
  }

  join(after: number): void {
    const { hub, job } = this
    const join = (after: number | undefined, signal: AbortSignal) =>
      told((reader) => hub.follow(job.id, { after }, reader), signal)
    this.readers.push(new Reader(join, after))
  }

  /** Brings the job to its end, whatever it stood at. */
  async finish(): Promise<void> {
    await this.act('resume', 0)
    while (!hasEnded(this.job.state)) await this.step([endings[0], endings[0]] as AttemptResult[], 50, 0)
  }
}

const nothing: Batch = { submissions: [], settlements: [], actions: [], claim: 0 }

type Step = (world: World) => Promise<void>

const lag = fc.nat({ max: 3 })
const results = fc.array(fc.constantFrom(...endings), { maxLength: 4 })
const pick = (world: World, nth: number) => world.readers[nth % world.readers.length]

const work: fc.Arbitrary<Step> = fc.tuple(results, fc.nat({ max: 4 }), lag).map(
  ([results, claim, lag]) =>
    (world) =>
      world.step(results, claim, lag),
)
/** More commits than an inbox holds. */
const burst: fc.Arbitrary<Step> = fc
  .tuple(fc.integer({ min: 20, max: 60 }), fc.constantFrom(...endings))
  .map(([times, result]) => async (world) => {
    for (let time = 0; time < times; time += 1) await world.step([result], 1, 0)
  })
const action: fc.Arbitrary<Step> = fc.tuple(fc.constantFrom('pause', 'resume', 'cancel', 'retry'), lag).map(
  ([type, lag]) =>
    (world) =>
      world.act(type, lag),
)
const join: fc.Arbitrary<Step> = fc
  .double({ min: 0, max: 1, noNaN: true })
  .map((share) => async (world) => world.join(Math.round(share * world.job.seq)))
const read: fc.Arbitrary<Step> = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 60 })).map(
  ([nth, frames]) =>
    async (world) =>
      pick(world, nth)?.allow(frames),
)
const rejoin: fc.Arbitrary<Step> = fc.nat().map((nth) => async (world) => pick(world, nth)?.rejoin())
const pause: fc.Arbitrary<Step> = fc.integer({ min: 1, max: 8 }).map((count) => () => turns(count))

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: work },
    { weight: 2, arbitrary: burst },
    { weight: 1, arbitrary: action },
    { weight: 3, arbitrary: join },
    { weight: 5, arbitrary: read },
    { weight: 2, arbitrary: rejoin },
    { weight: 2, arbitrary: pause },
  ),
  { maxLength: 60, size: 'max' },
)

describe('whatever the readers do, and whenever', () => {
  test('each knows in the end what the store knows, was told nothing twice, and of each end once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 80 }),
        fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 6 }),
        steps,
        async (tasks, delays, steps) => {
          const world = await World.of(tasks, delays)
          world.join(0)
          for (const step of steps) await step(world)
          await world.finish()
          for (const reader of world.readers) {
            await reader.finish()
            // Who had seen an end before a retry has to come back for the next.
            if (reader.fold.seq !== world.job.seq) {
              await reader.rejoin()
              await reader.finish()
            }
            await expectSame(reader.fold, store, world.job.id, reader.after)
          }
          expect(world.hub.followers).toBe(0)
        },
      ),
      { numRuns: 80 },
    )
  }, 60_000)
})
