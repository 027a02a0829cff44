import { expect, spyOn, test } from 'bun:test'
import fc from 'fast-check'
import { isJson } from '../../../src/kinds/http/is-json.ts'

const parses = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The texts for which it does not say what `JSON.parse` says. */
const wrong = (texts: Iterable<string>): string[] => {
  const found: string[] = []
  for (const text of texts) if (isJson(text) !== parses(text)) found.push(text)
  return found
}

const characters = [...'{}[],:"\\/ \n\t\rtruefalsn0129-+.eEu\u0000\u001f\u007f\u00a0\ufeff\u2028é\ud800']

function* textsOf(alphabet: readonly string[], length: number): Generator<string> {
  if (length === 0) return yield ''
  for (const start of textsOf(alphabet, length - 1)) for (const next of alphabet) yield start + next
}

test('every text of up to three characters is what JSON.parse takes it for', () => {
  for (const length of [0, 1, 2, 3]) expect(wrong(textsOf(characters, length))).toEqual([])
})

test('so are all short texts of what lists, names and numbers are made of', () => {
  expect(wrong(textsOf([...'{}[],:1 '].concat('"a"'), 5))).toEqual([])
  expect(wrong(textsOf([...'-+0.e'], 7))).toEqual([])
  expect(wrong(textsOf([...'\\"u0dG'].concat('\n'), 6).map((text) => `"${text}"`))).toEqual([])
})

test('so is any JSON, with one character put in, taken out, or replaced', () => {
  const value = fc.json({ stringUnit: 'binary' })
  const changed = fc.tuple(value, fc.nat(), fc.nat(1), fc.constantFrom('', ...characters))
  fc.assert(
    fc.property(changed, ([text, place, taken, put]) => {
      const at = place % (text.length + 1)
      expect(wrong([text, text.slice(0, at) + put + text.slice(at + taken)])).toEqual([])
    }),
    { numRuns: 2_000 },
  )
})

test('a text with all that JSON has is known for it without making its value', () => {
  const value = { a: [1, -0.5, 1e-7, true, false, null, '', 'é\n\u0001"\\'], b: { c: {}, d: [] } }
  const texts = [JSON.stringify(value), JSON.stringify(value, null, '\t'), '"\\u00E9\\/"', ' 1E+2\r\n']
  using parse = spyOn(JSON, 'parse')
  expect(texts.every(isJson)).toBe(true)
  expect(parse).not.toHaveBeenCalled()
})

test('nesting of any depth is what JSON.parse takes it for', () => {
  const nested = (depth: number, close = depth) => '['.repeat(depth) + ']'.repeat(close)
  const depths = [1, 99, 100, 101, 102, 10_000, 1_000_000]
  expect(wrong(depths.flatMap((depth) => [nested(depth), nested(depth, depth - 1)]))).toEqual([])
})
