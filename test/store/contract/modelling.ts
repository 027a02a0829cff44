import { test } from 'bun:test'
import fc from 'fast-check'
import { modes } from '../../../src/job/modes.ts'
import type { Action, AttemptResult } from '../../../src/store/store.ts'
import type { Start } from '../contract.ts'
import { Model, type Step } from './model.ts'

/** One bit for each pair of five tasks; half of the jobs have none, the others few. */
const pairs = fc.nat({ max: 2 ** 10 - 1 })
const fields = fc.record({
  mode: fc.constantFrom(...modes),
  tasks: fc.integer({ min: 0, max: 5 }),
  edges: fc.oneof(
    fc.constant(0),
    fc.tuple(pairs, pairs).map(([a, b]) => a & b),
  ),
  anyhow: pairs,
  concurrency: fc.integer({ min: 0, max: 2 }),
  timeoutMs: fc.constantFrom(0, 0, 30, 60),
  keepMs: fc.constantFrom(0, 0, 20),
})
const step: fc.Arbitrary<Step> = fc.record({
  advance: fc.nat({ max: 15 }),
  rescue: fc.nat({ max: 15 }).map((dice) => dice === 0),
  submissions: fc.array(fields, { maxLength: 1 }),
  settlements: fc.array(
    fc.record({
      at: fc.nat(),
      result: fc.constantFrom<AttemptResult['type'][]>(
        'succeeded',
        'failed',
        'retry',
        'snooze',
        'release',
        'cancelled',
      ),
      delay: fc.nat({ max: 20 }),
    }),
    { maxLength: 4 },
  ),
  actions: fc.array(
    fc.record({
      at: fc.nat(),
      type: fc.constantFrom<Action['type'][]>(
        'cancel',
        'pause',
        'resume',
        'resume',
        'retry',
        'retry',
        'delete',
      ),
    }),
    { maxLength: 2 },
  ),
  claim: fc.nat({ max: 6 }),
})

export const modelling = (start: Start) => {
  test('leaves counts, log and rows in agreement, and ended tasks alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
        const model = new Model(await start())
        for (const step of steps) await model.take(step)
        await model.s.store.close()
      }),
      { numRuns: 30 },
    )
  }, 60_000)
}
