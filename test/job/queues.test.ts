import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { accepts } from '../../src/job/check.ts'
import { explain } from '../../src/job/explain.ts'
import {
  type EffectiveLimits,
  isPattern,
  type Limits,
  LimitsSpec,
  limitsErrors,
  limitsOf,
  matches,
  type NamedLimits,
  QueueName,
  resolveLimits,
} from '../../src/job/queues.ts'

const name = fc.string({ unit: fc.constantFrom('a', 'b', ':', '.'), maxLength: 12 })
const pattern = fc.string({ unit: fc.constantFrom('a', 'b', ':', '.', '*', '*'), maxLength: 8 })

describe('a pattern', () => {
  test.each([
    ['http:*', 'http:api.example.com'],
    ['http:*', 'http:'],
    ['*', 'anything'],
    ['*', ''],
    ['**', 'a'],
    ['http:*.example.com', 'http:api.example.com'],
    ['*a*b*', 'xaxbx'],
    ['a*a', 'aa'],
    ['sql:main', 'sql:main'],
  ])('%s matches %s', (pattern, name) => {
    expect(matches(pattern, name)).toBe(true)
  })

  test.each([
    ['http:*', 'https:a'],
    ['HTTP:*', 'http:a'],
    ['http:*.example.com', 'http:example.com'],
    ['a*a', 'a'],
    ['*ab*ba*', 'aba'],
    ['a.c', 'abc'],
    ['sql:main', 'sql:main2'],
  ])('%s does not match %s', (pattern, name) => {
    expect(matches(pattern, name)).toBe(false)
  })

  test('matches what the regular expression of it does', () => {
    fc.assert(
      fc.property(pattern, name, (pattern, name) => {
        const expression = new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`)
        expect(matches(pattern, name)).toBe(expression.test(name))
      }),
      { numRuns: 2_000 },
    )
  })

  test('takes no time even where a regular expression would try again and again', () => {
    const since = Bun.nanoseconds()
    expect(matches('a*'.repeat(100), `${'a'.repeat(199)}b`.repeat(50))).toBe(true)
    expect(matches(`${'*a'.repeat(99)}*c`, 'a'.repeat(200))).toBe(false)
    expect(Bun.nanoseconds() - since).toBeLessThan(50_000_000)
  })

  test('is a name with a star in it', () => {
    expect(['http:*', 'http:a'].map(isPattern)).toEqual([true, false])
  })
})

const rules = (limits: Record<string, Limits>): NamedLimits[] =>
  Object.entries(limits).map(([name, limits]) => ({ name, limits }))
const rate = { limit: 5, perMs: 1_000 }

describe('what holds for a queue', () => {
  const set = rules({
    '*': { concurrency: 100, rate },
    'http:*': { concurrency: 10, paused: true },
    'http:*.example.com': { concurrency: null, paused: false },
    'http:api.example.com': { rate: { limit: 1, perMs: 1 } },
  })

  test.each<[string, EffectiveLimits]>([
    ['http:api.example.com', { rate: { limit: 1, perMs: 1 } }],
    ['http:www.example.com', { rate }],
    ['http:other', { concurrency: 10, paused: true, rate }],
    ['sql:main', { concurrency: 100, rate }],
  ])('of the name %s is taken field by field from what fits best', (name, limits) => {
    expect(resolveLimits(set, name)).toEqual(limits)
    expect(resolveLimits(set.toReversed(), name)).toEqual(limits)
  })

  test('is a default where nothing else is said, which null lifts', () => {
    const defaults = rules({ 'sql:*': { concurrency: 2 }, 'sql:main': { concurrency: 8, rate } })
    expect(resolveLimits([], 'sql:main', defaults)).toEqual({ concurrency: 8, rate })
    expect(resolveLimits([], 'sql:other', defaults)).toEqual({ concurrency: 2 })
    expect(resolveLimits(rules({ '*': { concurrency: 50 } }), 'sql:main', defaults)).toEqual({
      concurrency: 50,
      rate,
    })
    expect(resolveLimits(rules({ 'sql:main': { concurrency: null } }), 'sql:main', defaults)).toEqual({
      rate,
    })
  })

  test('is, of two patterns alike, what the first by name says', () => {
    const alike = rules({ 'a*': { concurrency: 1 }, '*a': { concurrency: 2 } })
    expect(resolveLimits(alike, 'aa')).toEqual({ concurrency: 2 })
    expect(resolveLimits(alike.toReversed(), 'aa')).toEqual({ concurrency: 2 })
  })

  test('is set for a name with a star by that name before all patterns', () => {
    expect(resolveLimits(rules({ 'a*': { concurrency: 1 }, 'a*bbb': { concurrency: 2 } }), 'a*')).toEqual({
      concurrency: 1,
    })
  })
})

describe('limits in a request', () => {
  test.each<[unknown]>([
    [{}],
    [{ concurrency: 10_000, rate: { limit: 1_000_000, perMs: 31_536_000_000 }, paused: true }],
    [{ concurrency: null, rate: null, adaptive: null, breaker: null }],
    [{ adaptive: {}, breaker: {} }],
    [{ adaptive: { min: 3, max: 3 }, breaker: { failures: 1, of: 1, openMs: 1, probes: 1 } }],
  ])('may be %j', (limits) => {
    expect(accepts(LimitsSpec, limits)).toBe(true)
    expect(limitsErrors(limits as LimitsSpec)).toEqual([])
  })

  test.each<[unknown, string]>([
    [{ concurrency: 0 }, 'Expected "concurrency" to be a whole number between 1 and 10000 or null, got 0.'],
    [{ concurency: 1 }, 'Unknown field "concurency"; did you mean "concurrency"?'],
    [
      { rate: { limit: 1 } },
      'Expected "rate.perMs" to be a whole number between 1 and 31536000000, got nothing.',
    ],
    [{ rate: { limit: 0, perMs: 1 } }, 'Expected "rate.limit" between 1 and 1000000, got 0.'],
    [{ breaker: { failures: 0 } }, 'Expected "breaker.failures" between 0.001 and 1, got 0.'],
    [{ breaker: { of: 1_001 } }, 'Expected "breaker.of" between 1 and 1000, got 1001.'],
    [{ paused: null }, 'Expected "paused" to be true or false, got null.'],
    [{ adaptive: true }, 'Expected "adaptive" to be an object or null, got true.'],
  ])('may not be %j', (limits, message) => {
    expect(explain(LimitsSpec, limits).map((error) => error.message)).toEqual([message])
  })

  test('have no lower bound above the upper one, defaults included', () => {
    expect(limitsErrors({ adaptive: { min: 5, max: 4 } })).toEqual([
      { field: 'adaptive.min', message: 'Expected "adaptive.min" to be at most "max", which is 4, got 5.' },
    ])
    expect(limitsErrors({ adaptive: { min: 300 } })).toHaveLength(1)
    expect(limitsErrors({ adaptive: { min: 5, max: 5 } })).toEqual([])
  })

  test('get their defaults, and stay null where they are', () => {
    expect(limitsOf({ paused: true, adaptive: { max: 9 }, breaker: { of: 7 } })).toEqual({
      paused: true,
      adaptive: { min: 1, max: 9 },
      breaker: { failures: 0.5, of: 7, openMs: 30_000, probes: 1 },
    })
    expect(limitsOf({ rate: null, adaptive: null, breaker: null })).toEqual({
      rate: null,
      adaptive: null,
      breaker: null,
    })
    expect(limitsOf({})).toEqual({})
  })
})

test('the name of a queue is 1 to 200 printable characters', () => {
  const allowed = ['http:*', 'ü', 'a'.repeat(200)].map((text) => accepts(QueueName, text))
  const refused = ['', 'a\nb', 'a'.repeat(201), '\ud800'].map((text) => accepts(QueueName, text))
  expect([...allowed, ...refused]).toEqual([true, true, true, false, false, false, false])
})
