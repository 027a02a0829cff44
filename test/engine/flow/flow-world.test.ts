import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Limits } from '../../../src/job/queues.ts'
import type { UpstreamNews } from '../../../src/kinds/kind.ts'
import { type Course, mostWithin, World } from './world.ts'

const queues = ['http:a', 'http:b', 'sql:main'] as const

const limits: fc.Arbitrary<Limits> = fc.record(
  {
    concurrency: fc.integer({ min: 1, max: 40 }),
    rate: fc.record({ limit: fc.integer({ min: 1, max: 30 }), perMs: fc.constantFrom(20, 1_000, 5_000) }),
    adaptive: fc.constant({ min: 1, max: 20 }),
    breaker: fc.constant({ failures: 0.5, of: 4, openMs: 500, probes: 2 }),
  },
  { requiredKeys: [] },
)

const news: fc.Arbitrary<UpstreamNews> = fc.oneof(
  fc.record({
    pause: fc.record({ ms: fc.integer({ min: 0, max: 3_000 }), why: fc.constant('429') }),
    overloaded: fc.constant(true),
  }),
  fc.record({
    quota: fc.record({
      limit: fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
      perMs: fc.option(fc.constantFrom(1, 1_000, 2_000), { nil: undefined }),
      remaining: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined }),
      resetMs: fc.option(fc.integer({ min: 0, max: 3_000 }), { nil: undefined }),
    }),
  }),
)

const course: fc.Arbitrary<Course> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ ms: fc.integer({ min: 1, max: 300 }), result: fc.constant('succeeded') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ms: fc.integer({ min: 1, max: 300 }),
      result: fc.constantFrom('failed', 'retry'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ms: fc.integer({ min: 1, max: 300 }),
      result: fc.constantFrom('snooze', 'succeeded'),
      news,
    }),
  },
)

const world = fc.record({
  limits: fc.dictionary(fc.constantFrom(...queues, 'http:*', '*'), limits, { maxKeys: 4 }),
  tasks: fc.record({
    'http:a': fc.nat({ max: 150 }),
    'http:b': fc.nat({ max: 60 }),
    'sql:main': fc.nat({ max: 60 }),
  }),
  concurrency: fc.integer({ min: 1, max: 64 }),
  ahead: fc.constantFrom(0, 0, 16),
  courses: fc.array(course, { minLength: 1, maxLength: 40 }),
  holds: fc.array(fc.constantFrom(0, 0, 0, 5, 700), { minLength: 1, maxLength: 10 }),
  restarts: fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 3 }),
})

const cycle = <T>(values: readonly T[], fallback: T) => {
  let next = 0
  return () => values[next++ % values.length] ?? fallback
}

const fine: Course = { ms: 1, result: 'succeeded' }

const upTo = <T>(most: number, next: () => T, then: T) => {
  let count = 0
  return () => (count++ < most ? next() : then)
}

type Options = typeof world extends fc.Arbitrary<infer T> ? T : never

/** Long enough for the slowest of these worlds: one task at a time, with every pause and reset that it may meet. */
const longMs = 24 * 3_600_000

const born = ({ courses, holds, restarts: _, ...options }: Options) => {
  // In the end every upstream recovers: before that, its work might never be done.
  const answer = upTo(300, cycle(courses, fine), fine)
  return new World({ ...options, answer, holdMs: cycle(holds, 0) })
}

const live = (options: Options) => {
  const lived = born(options)
  for (const ms of options.restarts) {
    lived.run(lived.now + ms)
    lived.restart()
  }
  lived.run(lived.now + longMs)
  return lived
}

describe('in any world of queues, limits, upstreams and restarts', () => {
  test('no queue runs more than its concurrency, nor starts more than its rate, and all work is done', () => {
    fc.assert(
      fc.property(world, (options) => {
        const lived = live(options)
        expect(lived.left).toBe(0)
        for (const queue of queues) {
          const { concurrency = Number.POSITIVE_INFINITY, rate } = lived.flow.view(queue, lived.now).limits
          expect(lived.peak.get(queue) ?? 0).toBeLessThanOrEqual(concurrency ?? 0)
          const starts = lived.starts.filter((start) => start.queue === queue).map(({ at }) => at)
          if (rate) expect(mostWithin(starts, rate.perMs)).toBeLessThanOrEqual(rate.limit)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('all work is done in the end, whatever limits are set and lifted meanwhile', () => {
    const change = fc.record({
      name: fc.constantFrom(...queues, 'http:*', '*'),
      limits: fc.option(fc.oneof(limits, fc.constant({ paused: true })), { nil: undefined }),
      afterMs: fc.integer({ min: 0, max: 2_000 }),
    })
    fc.assert(
      fc.property(world, fc.array(change, { maxLength: 8 }), (options, changes) => {
        const lived = born(options)
        for (const { name, limits, afterMs } of changes) {
          lived.run(lived.now + afterMs)
          lived.setLimits(name, limits)
        }
        for (const { name, limits } of changes) if (limits?.paused) lived.setLimits(name, undefined)
        lived.run(lived.now + longMs)
        expect(lived.left).toBe(0)
      }),
      { numRuns: 200 },
    )
  })
})
