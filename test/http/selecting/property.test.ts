import { describe, test } from 'bun:test'
import fc from 'fast-check'
import { World, type WorldOptions } from './world.ts'

type Step = (world: World) => Promise<void> | void

const made = fc.record({
  matches: fc.boolean(),
  quick: fc.nat({ max: 2 }),
  held: fc.nat({ max: 2 }),
})
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: made.map(
        (job): Step =>
          (world) =>
            world.submit(job),
      ),
    },
    {
      weight: 4,
      arbitrary: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.boolean()).map(
        ([count, well]): Step =>
          (world) =>
            world.end(count, well),
      ),
    },
    {
      weight: 3,
      arbitrary: fc.tuple(fc.constantFrom('cancel', 'retry', 'pause', 'resume', 'delete'), fc.nat()).map(
        ([type, nth]): Step =>
          (world) =>
            world.act(type, nth),
      ),
    },
    { weight: 3, arbitrary: fc.constant<Step>((world) => world.connect()) },
    { weight: 2, arbitrary: fc.constant<Step>((world) => world.disconnect()) },
    {
      weight: 2,
      arbitrary: fc.constantFrom('subscribe' as const, 'unsubscribe' as const).map(
        (type): Step =>
          (world) =>
            world.beside(type),
      ),
    },
    {
      weight: 8,
      arbitrary: fc.nat({ max: 12 }).map(
        (count): Step =>
          (world) =>
            world.take(count),
      ),
    },
    { weight: 4, arbitrary: fc.constant<Step>((world) => world.rig.settle()) },
  ),
  { maxLength: 60, size: 'max' },
)

const options: fc.Arbitrary<WorldOptions> = fc.record({
  delays: fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 4 }),
  name: fc.boolean(),
  label: fc.boolean(),
  most: fc.constantFrom(1, 2, 10_000),
  revives: fc.boolean(),
})

const runs = Number(process.env.SHEAF_SELECT_RUNS ?? 60)

describe('whatever is submitted, ended and deleted, and however often the connection is lost', () => {
  test(
    'a client knows in the end what the store knows of each job it selected, and was told of each end once',
    async () => {
      await fc.assert(
        fc.asyncProperty(options, steps, async (options, steps) => {
          const world = await World.start(options)
          try {
            for (const step of steps) await step(world)
            await world.finish()
          } finally {
            world.disconnect()
            await world.rig[Symbol.asyncDispose]()
          }
        }),
        { numRuns: runs },
      )
    },
    60_000 + runs * 200,
  )
})
