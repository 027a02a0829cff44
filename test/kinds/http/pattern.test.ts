import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { isFound, mostSearched, patternFlaw } from '../../../src/kinds/http/pattern.ts'

const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '\\n', 'é', '😀', '\\.', '\\u0061')
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{0,2}', '{1,}', '*?', '+?')
const { pattern } = fc.letrec<{ pattern: string; term: string }>((tie) => ({
  term: fc.oneof(
    { weight: 4, arbitrary: fc.tuple(atom, quantifier).map(([a, q]) => a + q) },
    { weight: 1, arbitrary: fc.constantFrom('^', '$') },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom('(', '(?:'), tie('pattern'), quantifier)
        .map(([open, inner, q]) => `${open}${inner})${q}`),
    },
  ),
  pattern: fc
    .array(
      fc.array(tie('term'), { maxLength: 3 }).map((terms) => terms.join('')),
      { minLength: 1, maxLength: 2 },
    )
    .map((ways) => ways.join('|')),
}))
const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', '.', '\n', 'é', '😀'), maxLength: 8 })

test('a pattern is found where RegExp finds it', () => {
  fc.assert(
    fc.property(pattern, text, (source, value) => {
      fc.pre(!patternFlaw(source)?.startsWith('of at most'))
      expect(patternFlaw(source)).toBeUndefined()
      expect([source, value, isFound(source, value)]).toEqual([
        source,
        value,
        new RegExp(source, 'u').test(value),
      ])
    }),
    { numRuns: 2_000 },
  )
})

test.each(['(a+)+$', '(a|a)*b', '(.*)*x', '.*.*.*.*=', '(a?){50}a{50}b'])(
  '%s, which RegExp would try for hours, is done in no time',
  (source) => {
    expect(isFound(source, 'a'.repeat(50_000))).toBe(source === '(a+)+$')
  },
)

test('a pattern is looked for in the first MiB', () => {
  expect(isFound('x', `${'a'.repeat(mostSearched - 1)}x`)).toBe(true)
  expect(isFound('x', `${'a'.repeat(mostSearched)}x`)).toBe(false)
})

describe('a pattern is refused', () => {
  test.each(['(', '[a', 'a**', '\\', 'a{2,1}', '\\p{Nope}', ']'])('that is none: %s', (source) => {
    expect(patternFlaw(source)).toBe('that is valid (with the flag u)')
  })
  test.each(['(a)\\1', '(?=a)', '(?!a)', '(?<=a)b', '(?<n>a)\\k<n>', '(?<n>a)', '\\bx', '(?i:a)'])(
    'for what takes more than linear time, or is not known: %s',
    (source) => {
      expect(patternFlaw(source)).toStartWith('without back-references')
    },
  )
  test.each(['a{501}', '(a{30}){30}', '((a{9}){9}){9}', '(){999999999}', '(a|){0,999999999}'])(
    'that is too long: %s',
    (source) => {
      expect(patternFlaw(source)).toStartWith('of at most 500')
    },
  )
})
