import { expect, test } from 'bun:test'
import { Exposition } from './exposition.ts'

const counter = '# HELP a_total Of a.\n# TYPE a_total counter\n'
const histogram = (lines: string) => `# HELP h Of h.\n# TYPE h histogram\n${lines}`

test('reads what the format allows', () => {
  const text = `${counter}a_total{q="say \\"hi\\", C:\\\\new\\nline"} 1\na_total{q=""} 2.5e+21\n`
  const seen = new Exposition(text)
  expect(seen.value('a_total', { q: 'say "hi", C:\\new\nline' })).toBe(1)
  expect(seen.value('a_total', { q: '' })).toBe(2.5e21)
  expect(() => seen.value('a_total')).toThrow('Expected one')
})

test.each([
  ['no end', counter.trimEnd()],
  ['no samples', counter],
  ['a sample of another metric', `${counter}b_total 1\n`],
  ['no help', '# TYPE a_total counter\na_total 1\n'],
  ['no type', '# HELP a_total Of a.\na_total 1\n'],
  ['an empty line', `${counter}a_total 1\n\n`],
  ['a series twice', `${counter}a_total{a="1",b="2"} 1\na_total{b="2",a="1"} 1\n`],
  ['a metric twice', `${counter}a_total 1\n${counter}a_total 2\n`],
  ['a quote that is not escaped', `${counter}a_total{q="say "hi""} 1\n`],
  ['an escape that there is not', `${counter}a_total{q="\\t"} 1\n`],
  ['a value that is none', `${counter}a_total undefined\n`],
  ['a counter below 0', `${counter}a_total -1\n`],
  ['a counter by another name', '# HELP a Of a.\n# TYPE a counter\na 1\n'],
  ['no last bucket', histogram('h_bucket{le="1"} 1\nh_sum 1\nh_count 1\n')],
  ['buckets that fall', histogram('h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n')],
  ['bounds that fall', histogram('h_bucket{le="+Inf"} 1\nh_bucket{le="1"} 1\nh_sum 1\nh_count 1\n')],
  ['another total', histogram('h_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n')],
])('refuses %s', (_, text) => {
  expect(() => new Exposition(text)).toThrow()
})
