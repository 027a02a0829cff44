import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { finish } from '../../src/job/ledger.ts'
import { type Mode, modes } from '../../src/job/modes.ts'
import { hasEnded } from '../../src/job/state.ts'
import { end, ledgerOf } from '../support/ledger.ts'

describe('a job gathers as the Promise function of its name does', () => {
  /** Every microtask and then one turn, which is longer than any Promise function takes to settle. */
  const flush = () => new Promise<void>((resolve) => setImmediate(resolve))

  interface Gathered {
    outcome: 'succeeded' | 'failed' | undefined
    /** After how many ends it was decided. */
    after: number | undefined
    decidedBy: number | undefined
  }
  const pending: Gathered = { outcome: undefined, after: undefined, decidedBy: undefined }

  const gather: Record<Mode, (tasks: Promise<number>[]) => Promise<unknown>> = {
    all: (tasks) => Promise.all(tasks),
    allSettled: (tasks) => Promise.allSettled(tasks),
    any: (tasks) => Promise.any(tasks),
    race: (tasks) => Promise.race(tasks),
  }

  /** Each promise settles with its own index, as value or as reason, so what wins says who did. */
  const byPromise = async (mode: Mode, succeeds: boolean[], order: number[]): Promise<Gathered> => {
    const tasks = succeeds.map(() => Promise.withResolvers<number>())
    let settled: Gathered = pending
    let ends = 0
    const settle = (outcome: 'succeeded' | 'failed') => (by: unknown) => {
      settled = { outcome, after: ends, decidedBy: typeof by === 'number' ? by : undefined }
    }
    gather[mode](tasks.map((task) => task.promise)).then(settle('succeeded'), settle('failed'))
    await flush()
    for (const index of order) {
      ends += 1
      if (succeeds[index]) tasks[index]?.resolve(index)
      else tasks[index]?.reject(index)
      await flush()
    }
    return settled
  }

  const byLedger = (mode: Mode, succeeds: boolean[], order: number[]): Gathered => {
    const job = ledgerOf({ mode }, succeeds.length)
    let decided: Gathered = pending
    const look = (ends: number) => {
      if (decided === pending && (job.outcome === 'succeeded' || job.outcome === 'failed'))
        decided = { outcome: job.outcome, after: ends, decidedBy: job.decidedBy }
    }
    look(0)
    for (const [ends, index] of order.entries()) {
      end(job, index, succeeds[index] ? 'succeed' : 'fail')
      look(ends + 1)
    }
    expect(finish(job, 1)).toBe(decided !== pending)
    expect(hasEnded(job.state) ? job.state : undefined).toBe(decided.outcome)
    expect(job.decidedBy).toBe(decided.decidedBy)
    return decided
  }

  const run = (least: number) =>
    fc.array(fc.boolean(), { minLength: least, maxLength: 12 }).chain((succeeds) =>
      fc.record({
        succeeds: fc.constant(succeeds),
        order: fc.shuffledSubarray([...succeeds.keys()], { minLength: succeeds.length }),
      }),
    )

  test.each([...modes])('%s: the same outcome, at the same moment, by the same task', async (mode) => {
    await fc.assert(
      fc.asyncProperty(run(mode === 'race' ? 1 : 0), async ({ succeeds, order }) => {
        expect(byLedger(mode, succeeds, order)).toEqual(await byPromise(mode, succeeds, order))
      }),
      { numRuns: 300 },
    )
  })

  test('race of nothing never settles in JavaScript, and fails in a ledger: a job would be there for ever', async () => {
    expect(await byPromise('race', [], [])).toEqual(pending)
    expect(byLedger('race', [], [])).toEqual({ outcome: 'failed', after: 0, decidedBy: undefined })
  })
})
