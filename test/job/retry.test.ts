import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { limits } from '../../src/job/limits.ts'
import {
  backoffs,
  defaultRetry,
  mayRetry,
  type RetryPolicy,
  retryBound,
  retryDelay,
} from '../../src/job/retry.ts'

/** What a request may ask for; `wild` goes far past it. */
const policies = (most: number): fc.Arbitrary<RetryPolicy> =>
  fc.record({
    attempts: fc.integer({ min: 1, max: limits.attempts }),
    backoff: fc.constantFrom(...backoffs),
    delayMs: fc.nat({ max: most }),
    maxDelayMs: fc.nat({ max: most }),
  })
const policy = policies(limits.longestMs)
const wild = fc.oneof(policy, policies(Number.MAX_SAFE_INTEGER))
const failures = fc.oneof(
  fc.integer({ min: 1, max: 60 }),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
)
const random = fc.oneof(
  fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  fc.constant(1 - 2 ** -53),
)

describe('the delay before a retry', () => {
  test('is a whole number from 0 to below the bound, however large the numbers', () => {
    fc.assert(
      fc.property(wild, failures, random, (policy, failures, random) => {
        const delay = retryDelay(policy, failures, random)
        const bound = retryBound(policy, failures)
        expect(Number.isFinite(bound)).toBe(true)
        expect(Number.isInteger(delay)).toBe(true)
        expect(delay).toBeGreaterThanOrEqual(0)
        if (bound === 0) expect(delay).toBe(0)
        else expect(delay).toBeLessThan(bound)
      }),
      { numRuns: 1_000 },
    )
  })

  test('spreads over the whole bound', () => {
    expect(retryDelay(defaultRetry, 1, 0)).toBe(0)
    expect(retryDelay(defaultRetry, 1, 0.5)).toBe(250)
    expect(retryDelay(defaultRetry, 1, 1 - 2 ** -53)).toBe(499)
  })

  test('never has a higher bound than maxDelayMs, nor a lower one than after fewer failures', () => {
    fc.assert(
      fc.property(wild, failures, failures, (policy, one, other) => {
        const [fewer, more] = [Math.min(one, other), Math.max(one, other)]
        expect(retryBound(policy, fewer)).toBeLessThanOrEqual(retryBound(policy, more))
        expect(retryBound(policy, more)).toBeLessThanOrEqual(policy.maxDelayMs)
      }),
    )
  })

  test('doubles its bound with every failure until maxDelayMs', () => {
    const bounds = [1, 2, 3, 4, 5, 6, 7, 8, 1_000].map((failures) => retryBound(defaultRetry, failures))
    expect(bounds).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  })

  test('keeps one bound when the backoff is fixed', () => {
    fc.assert(
      fc.property(wild, failures, (policy, failures) => {
        const fixed: RetryPolicy = { ...policy, backoff: 'fixed' }
        expect(retryBound(fixed, failures)).toBe(Math.min(fixed.delayMs, fixed.maxDelayMs))
      }),
    )
  })
})

test('a task that always fails is attempted exactly as often as its policy says', () => {
  fc.assert(
    fc.property(policy, (policy) => {
      let attempts = 1
      while (mayRetry(policy, attempts)) attempts += 1
      expect(attempts).toBe(policy.attempts)
    }),
  )
})
