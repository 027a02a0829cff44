import { afterAll, describe, test } from 'bun:test'
import fc from 'fast-check'
import { histories } from './commands.ts'
import { type Home, World } from './world.ts'

/**
 * The model test of the whole service: random histories of what clients ask, tasks do, time brings and processes suffer, on
 * the real store and engine and on a model of both, which have to agree after every step. A history that fails is made as short as it
 * can be, and shown with its seed.
 *
 * `SHEAF_MODEL_RUNS=200000 bun test test/model` looks for longer, with new histories each time;
 * `SHEAF_MODEL_SEED=…` tries those of one seed again.
 */
const runs = Number(process.env.SHEAF_MODEL_RUNS ?? 2_000)
const seed = process.env.SHEAF_MODEL_SEED

const mostSteps = 24
/** Of so many histories, one is of a process that finds its database anew after every crash and stop. */
const seldom = 50

/** Gives an empty place to keep jobs. `memory` may stay open from one process to the next, `disk` has to be opened anew. */
export type OpenHome = (kind: 'memory' | 'disk') => Promise<Home>

export const describeService = (dialect: string, open: OpenHome) =>
  describe(`the service on ${dialect}`, () => {
    /** Kept from history to history, each of which leaves it as it was: to open one takes longer than a history. */
    let kept: Home | undefined
    afterAll(() => kept?.[Symbol.asyncDispose]())

    const live = async (home: Home, concurrency: number, steps: Parameters<typeof fc.asyncModelRun>[1]) => {
      const world = await World.start(home, concurrency)
      const setup = () => ({ model: world.service, real: world })
      await fc.asyncModelRun(setup, steps as never)
      await world.finish()
    }

    const options = (numRuns: number): fc.Parameters<unknown> => ({
      numRuns,
      ...(seed !== undefined && { seed: Number(seed) }),
    })

    test('does what it promises, whatever happens', async () => {
      await fc.assert(
        fc.asyncProperty(concurrency, histories(mostSteps), async (concurrency, steps) => {
          const home = kept ?? (await open('memory'))
          kept = home
          try {
            await live(home, concurrency, steps)
          } catch (error) {
            kept = undefined
            await home[Symbol.asyncDispose]()
            throw error
          }
        }),
        options(runs),
      )
    }, 86_400_000)

    test('does so on a database that each process opens anew', async () => {
      await fc.assert(
        fc.asyncProperty(concurrency, histories(mostSteps), async (concurrency, steps) => {
          await using home = await open('disk')
          await live(home, concurrency, steps)
        }),
        options(Math.ceil(runs / seldom)),
      )
    }, 86_400_000)
  })

/** How many attempts the server runs at once: as many as anybody could want, or so few that claims are at hand. */
const concurrency = fc.constantFrom(256, 256, 1, 2, 2, 3)
