import { describe, expect, test } from 'bun:test'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { csvHead, csvRow } from '../../src/http/answer/results/csv.ts'
import type { ResultView } from '../../src/job/wire.ts'
import type { TaskEnd } from '../../src/store/store.ts'
import { echoing, failing, startApp } from './rig.ts'

type Row = Record<string, string>

/** What a program makes of a file of results that knows what is in the columns. */
const read = (csv: string): ResultView[] =>
  parse<Row>(csv, { columns: true, record_delimiter: '\r\n' }).map(
    ({ index, key = '', state, attempt, output = '', error = '', seq }) =>
      ({
        index: Number(index),
        ...(key !== '' && { key: key.replace(/^'/, '') }),
        state,
        ...(seq !== undefined && { seq: Number(seq) }),
        attempt: Number(attempt),
        ...(output !== '' && { output: JSON.parse(output) }),
        ...(error !== '' && { error: JSON.parse(error) }),
      }) as ResultView,
  )

const tasks = [
  { ...echoing({ 'a "b"': [1, null], c: 'x,y\r\nz' }), key: 'plain, "quoted"' },
  { ...echoing('=1+1'), key: '=cmd()' },
  { ...echoing(-5), key: '@scope/name' },
  { ...echoing(''), key: "'tis" },
  { ...echoing(null), key: ' é🧵 ' },
  failing(),
]

describe('results as CSV', () => {
  test.each(['', 'order=completion', 'order=input&from=2'])(
    'are those of JSON, read back (%s)',
    async (query) => {
      await using rig = await startApp()
      const { id } = await rig.run(tasks)
      const response = await rig.get(`/jobs/${id}/results?${query}`, { accept: 'text/csv' })
      expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
      const json: { data: ResultView[] } = await (await rig.get(`/jobs/${id}/results?${query}`)).json()
      expect(read(await response.text())).toEqual(json.data)
    },
  )

  test('have a header and a row each, with CRLF, and quotes where need be', async () => {
    await using rig = await startApp()
    const { id } = await rig.run([{ ...echoing({ a: 1 }), key: 'a' }, echoing(null)])
    const text = await (await rig.get(`/jobs/${id}/results?format=csv`)).text()
    expect(text).toBe(
      'index,key,state,attempt,output,error\r\n0,a,succeeded,1,"{""a"":1}",\r\n1,,succeeded,1,null,\r\n',
    )
    const none = await rig.run([])
    expect(await (await rig.get(`/jobs/${none.id}/results?format=csv`)).text()).toBe(
      'index,key,state,attempt,output,error\r\n',
    )
  })

  test('have no cell that a spreadsheet takes for a formula, and read back, whatever keys and outputs there are', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc.string({
        unit: fc.constantFrom('=', '+', '-', '@', "'", '"', ',', '\r', '\n', '\t', 'a'),
        maxLength: 6,
      }),
    )
    const end: fc.Arbitrary<TaskEnd> = fc.record({
      index: fc.nat(),
      key: fc.option(
        text.filter((key) => key !== ''),
        { nil: undefined },
      ),
      state: fc.constant('succeeded' as const),
      attempt: fc.nat(),
      seq: fc.nat(),
      output: fc.oneof(text, fc.jsonValue()).map((value) => JSON.stringify(value)),
      error: fc.constant(undefined),
    })
    fc.assert(
      fc.property(fc.array(end, { maxLength: 5 }), (ends) => {
        const csv = csvHead(true) + ends.map((one) => csvRow(one, true)).join('')
        const cells = parse(csv, { record_delimiter: '\r\n' }).flat()
        for (const cell of cells) if (!/^-?\d/.test(cell)) expect(cell).not.toMatch(/^[=+\-@\t\r]/)
        expect(read(csv)).toEqual(
          ends.map(({ key, output = '', error: _, ...rest }) => ({
            ...rest,
            ...(key !== undefined && { key }),
            output: JSON.parse(output),
          })),
        )
      }),
      { numRuns: 300 },
    )
  })
})
