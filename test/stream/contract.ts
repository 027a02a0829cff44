import { afterAll, beforeAll, describe, test } from 'bun:test'
import fc from 'fast-check'
import type { Cluster, ClusterKind } from './cluster.ts'
import { Gate } from './gate.ts'
import type { Transport } from './lines/line.ts'
import { histories, type Step } from './plan.ts'
import { rarities } from './rarities.ts'
import { World } from './world.ts'

/**
 * The property test of the stream: random histories of what clients submit and ask for, how tasks end, how readers come,
 * read, stop to read, vanish and come back, and how servers end, over the real HTTP interface. Whatever happens, each reader was told everything
 * once and in order, and knows in the end what REST says. A history that fails is made as short as it can be, and shown with its seed.
 *
 * `SHEAF_STREAM_RUNS=100 bun test test/stream` tries a hundred times as many, with new histories each time;
 * `SHEAF_STREAM_SEED=…` tries those of one seed again.
 */
const times = Number(process.env.SHEAF_STREAM_RUNS ?? 1)
const seed = process.env.SHEAF_STREAM_SEED

export const describeStream = (
  transport: Transport,
  { name, ends, open }: ClusterKind,
  /** How many random histories, but for SHEAF_STREAM_RUNS. */
  usual: number,
) =>
  describe(`followed by ${transport.name}, ${name}`, () => {
    /** Kept from history to history, each of which leaves it as it was; one that fails leaves it to nobody. */
    let kept: Cluster | undefined
    let gate: Gate
    beforeAll(() => {
      gate = new Gate()
    })
    afterAll(async () => {
      gate[Symbol.dispose]()
      await kept?.[Symbol.asyncDispose]()
    })

    const live = async (steps: readonly Step[]): Promise<void> => {
      kept ??= await open()
      const world = new World(kept, gate, transport)
      try {
        for (const step of steps) await world.take(step)
        await world.finish()
      } catch (error) {
        const failed = kept
        kept = undefined
        await world.abandon()
        gate.shut()
        await failed[Symbol.asyncDispose]()
        throw error
      }
    }

    const examples = rarities(ends, transport.filters)
    test('each reader knows in the end what the store knows, and was told of each change once, in order', async () => {
      await fc.assert(fc.asyncProperty(histories({ ends, filters: transport.filters }), live), {
        examples,
        numRuns: examples.length + usual * times,
        ...(seed !== undefined && { seed: Number(seed) }),
      })
    }, 86_400_000)
  })
