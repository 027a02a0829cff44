import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { TextWriter } from '../../src/engine/text-writer.ts'

const ascii = fc.string({ unit: 'binary-ascii', maxLength: 60 })
const part = fc.oneof(
  fc.record({ type: fc.constant('ascii' as const), value: ascii }),
  fc.record({
    type: fc.constant('integer' as const),
    value: fc.oneof(fc.maxSafeNat(), fc.nat(2_000), fc.integer(), fc.constantFrom(9, 10, 999_999_999, 1e9)),
  }),
  fc.record({ type: fc.constant('text' as const), value: fc.string({ unit: 'binary', maxLength: 60 }) }),
)

test('a text is what its parts are, one after the other', () => {
  const writer = new TextWriter()
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      writer.begin()
      for (const { type, value } of parts)
        if (type === 'integer') writer.integer(value)
        else writer[type](value)
      expect(writer.end()).toBe(parts.map(({ value }) => value).join(''))
    }),
  )
})

test('a text longer than any before it is kept whole', () => {
  const writer = new TextWriter().begin()
  const parts = Array.from({ length: 40 }, (_, i) => 'é'.repeat(i * 500))
  for (const text of parts) writer.text(text).ascii(',').integer(text.length)
  expect(writer.end()).toBe(parts.map((text) => `${text},${text.length}`).join(''))
})

test('a text that was not finished is no part of the next', () => {
  const writer = new TextWriter()
  writer.begin().ascii('half')
  expect(writer.begin().ascii('whole').end()).toBe('whole')
})
