import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { errorCodes, expected, Problem, problemCodes, show } from '../../src/job/errors.ts'

const longestShown = 80

const cycle: Record<string, unknown> = {}
cycle.self = cycle
const { proxy: revoked, revoke } = Proxy.revocable({}, {})
revoke()
const hostile = {
  toJSON: () => {
    throw new Error('no JSON')
  },
  toString: () => {
    throw new Error('no text')
  },
}
const strangers: [what: string, value: unknown, shown: string][] = [
  ['a cycle', cycle, 'a value that JSON cannot express'],
  ['a bigint within', { id: 1n }, 'a value that JSON cannot express'],
  ['a revoked proxy', revoked, 'a value that JSON cannot express'],
  ['an object that throws', hostile, 'a value that JSON cannot express'],
  ['an object whose JSON is nothing', { toJSON: () => undefined }, '[object Object]'],
  ['nothing', undefined, 'nothing'],
  ['null', null, 'null'],
  ['a bigint', 12345678901234567890n, '12345678901234567890'],
  ['not a number', Number.NaN, 'NaN'],
  ['an infinity', Number.NEGATIVE_INFINITY, '-Infinity'],
  ['a symbol', Symbol('s'), 'Symbol(s)'],
  ['a function', Math.max, String(Math.max)],
  ['an invalid date', new Date(Number.NaN), 'null'],
  ['a text', 'a "b"', '"a \\"b\\""'],
  ['a list', [1, [2]], '[1,[2]]'],
]

describe('a value in a message', () => {
  test.each(strangers)('can be %s', (_, value, shown) => {
    expect(show(value)).toBe(shown)
  })

  test('is never longer than 80 characters, well-formed, and made without a throw', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withObjectString: true,
      withSparseArray: true,
      withTypedArray: true,
    })
    fc.assert(
      fc.property(
        fc.oneof(anything, fc.string({ unit: 'binary', maxLength: 300 }), fc.func(anything)),
        (value) => {
          const text = show(value)
          expect(text.length).toBeLessThanOrEqual(longestShown)
          expect(text.isWellFormed()).toBe(true)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('says that it was cut, and leaves no half character', () => {
    expect(show('x'.repeat(78))).toBe(`"${'x'.repeat(78)}"`)
    expect(show('x'.repeat(79))).toBe(`"${'x'.repeat(76)}…`)
    expect(show(`${'x'.repeat(74)}😀😀😀`)).toBe(`"${'x'.repeat(74)}😀…`)
    expect(show(`${'x'.repeat(75)}😀😀😀`)).toBe(`"${'x'.repeat(75)}\ufffd…`)
  })
})

test('a refusal names the field, what is allowed, and the value', () => {
  expect(expected('timeoutMs', 'between 1 and 86400000', -5)).toBe(
    'Expected "timeoutMs" between 1 and 86400000, got -5.',
  )
  expect(expected('url', 'to be a URL', undefined)).toBe('Expected "url" to be a URL, got nothing.')
  expect(expected('name', 'to be short', 'x'.repeat(1e6)).length).toBeLessThan(longestShown + 40)
})

test('a problem carries the status of its code, and is an error', () => {
  const problem = new Problem('conflict', 'The job has ended.', { state: 'failed' })
  expect(problem).toBeInstanceOf(Error)
  expect(problem).toMatchObject({
    name: 'Problem',
    code: 'conflict',
    status: 409,
    detail: 'The job has ended.',
    message: 'The job has ended.',
    extensions: { state: 'failed' },
  })
})

test('every code is snake_case, every problem an error status with a title, every error a sentence', () => {
  for (const code of [...Object.keys(problemCodes), ...Object.keys(errorCodes)])
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
  for (const [status, title] of Object.values(problemCodes)) {
    expect(status).toBeWithin(400, 600)
    expect(title).toMatch(/^[A-Z].*[^.]$/)
  }
  for (const text of Object.values(errorCodes)) expect(text).toMatch(/^[A-Z].*\.$/)
})
