import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { redact } from '../../src/job/template/redact.ts'

describe('a secret is hidden', () => {
  const secret = 'p/"w\\ é+%2f'
  test.each<[string, unknown, unknown]>([
    ['as it is', { a: [`x${secret}y`] }, { a: ['x***y'] }],
    ['in a name', { [`k${secret}`]: 1 }, { 'k***': 1 }],
    ['twice', `${secret} ${secret}`, '*** ***'],
    ['within JSON in a string', JSON.stringify({ a: secret }), '{"a":"***"}'],
    ['percent-encoded', `/?a=${encodeURIComponent(secret)}&b`, '/?a=***&b'],
    ['as a form has it', `${new URLSearchParams({ a: secret })}`, 'a=***'],
    ['in lower-case hex', encodeURIComponent(secret).replace(/%../g, (hex) => hex.toLowerCase()), '***'],
    ['cut off at the end', `got ${secret.slice(0, 6)}`, 'got ***'],
    ['cut off in a message', `got ${secret.slice(0, 6)}… and so on`, 'got ***… and so on'],
  ])('%s', (_, value, hidden) => {
    expect(JSON.parse(redact(JSON.stringify(value), [secret]))).toEqual(hidden)
  })

  test('as a number, and however a string spells it', () => {
    expect(redact('{"a":12345678,"b":[-1.5]}', ['12345678'])).toBe('{"a":"***","b":[-1.5]}')
    expect(redact('{"a":"\\u0061bcd\\u0065"}', ['abcde'])).toBe('{"a":"***"}')
  })

  test('the longer of two that overlap first', () => {
    expect(redact('"abcdef"', ['abc', 'abcdef'])).toBe('"***"')
  })
})

test('what holds none stays as it was written', () => {
  const text = '{ "a": 1.00, "b": 12345678901234567890, "c": "\\u0041\\/" }'
  expect(redact(text, ['hunter2'])).toBe(text)
  expect(redact(text, [])).toBe(text)
  expect(redact(text, [''])).toBe(text)
})

test('the result is JSON of the same shape, in which the secret is in no string', () => {
  const secrets = fc.string({
    minLength: 1,
    maxLength: 8,
    unit: fc.constantFrom('"', '\\', '1', 'e', '.', '{', 'a', 'é', '%'),
  })
  const values = fc.jsonValue({ maxDepth: 2 })
  fc.assert(
    fc.property(values, fc.string(), secrets, (value, around, secret) => {
      const text = JSON.stringify([value, `${around}${secret}${around}`, { inside: secret }])
      const result: unknown = JSON.parse(redact(text, [secret]))
      expect(result).toBeArrayOfSize(3)
      JSON.stringify(result, (name, part) => {
        expect(name.includes(secret) || (typeof part === 'string' && part.includes(secret))).toBe(
          // Only the indexes of the array are not data.
          /^\d+$/.test(name) && name.includes(secret) && Number(name) < 3,
        )
        return part
      })
    }),
  )
})

test('a string of many megabytes is no problem', () => {
  const text = JSON.stringify({ a: 'x\\"'.repeat(2_000_000), b: 'hunter2' })
  expect(redact(text, ['hunter2']).slice(-12)).toBe(',"b":"***"}'.padStart(12, '"'))
})
