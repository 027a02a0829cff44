import { test } from 'bun:test'
import fc from 'fast-check'
import { modes } from '../../../src/job/modes.ts'
import type { Action, AttemptResult } from '../../../src/store/store.ts'
import type { Start } from '../contract.ts'
import { Model, queueNames, type Step } from './model.ts'

/** One bit for each pair of five tasks; half of the jobs have none, the others few. */
const pairs = fc.nat({ max: 2 ** 10 - 1 })
/** Mostly none, so that tasks are due while others wait for room. */
const delay = fc.constantFrom(0, 0, 0, 5, 20)
const room = fc.constantFrom(0, 0, 1, 2, Number.POSITIVE_INFINITY)
/** Mostly so much that nothing is refused. */
const slack = fc.constantFrom(1_000, 1_000, 1_000, 0, 2, 4)
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
  priority: fc.constantFrom(1, 5, 9),
  runAfter: fc.constantFrom(0, 0, 0, 10),
  queues: fc.array(fc.nat({ max: queueNames.length - 1 }), { minLength: 5, maxLength: 5 }),
  delays: fc.array(delay, { minLength: 5, maxLength: 5 }),
  owner: fc.constantFrom('', 'o', 'p'),
  slack,
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
  rooms: fc.array(room, { minLength: queueNames.length, maxLength: queueNames.length }),
  slack,
})

export const modelling = (start: Start) => {
  test('leaves counts, log, queues and rows in agreement, ended tasks alone, and nothing waiting that could run', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
        const model = new Model(await start())
        for (const step of steps) await model.take(step)
        await model.finish()
        await model.s.store.close()
      }),
      { numRuns: 30 },
    )
  }, 60_000)
}
