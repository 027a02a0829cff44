import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { readCsv } from '../../src/http/request/csv.ts'
import { Rows } from '../../src/http/request/rows.ts'
import { limits } from '../../src/job/limits.ts'
import type { ResultView } from '../../src/job/wire.ts'
import { type AppRig, echoing, problemOf, startApp } from './rig.ts'

const ndjson = { 'content-type': 'application/x-ndjson' }
const eachEcho = { each: { task: { kind: 'call', handler: 'echo', input: '{{item}}' } } }
const requests = { each: { task: { kind: 'http', url: '{{item}}' } } }

const linesOf = (...values: unknown[]) => values.map((value) => JSON.stringify(value)).join('\n')

const formOf = (job: unknown, items: string | Uint8Array<ArrayBuffer>, type = 'text/csv') => {
  const form = new FormData()
  form.set('job', new File([JSON.stringify(job)], 'job.json'))
  form.set('items', new File([items], 'items', { type }))
  return form
}

const sendLines = (rig: AppRig, body: BodyInit, headers = {}) =>
  rig.send('POST', '/jobs', body, { ...ndjson, ...headers })
const sendForm = (rig: AppRig, ...form: Parameters<typeof formOf>) =>
  rig.send('POST', '/jobs', formOf(...form))

/** The outputs of a job that was accepted, in order. */
const outputsOf = async (rig: AppRig, response: Response): Promise<unknown[]> => {
  expect(response.status).toBe(202)
  const { id } = await response.json()
  await rig.engine.ended(id, 60_000, new AbortController().signal)
  const { data }: { data: ResultView[] } = await (await rig.get(`/jobs/${id}/results`)).json()
  return data.map((result) => ('output' in result ? result.output : result))
}

/** The problem of a refusal, after which nothing is stored. */
const refusalOf = async (rig: AppRig, response: Response) => {
  const problem = await problemOf(response)
  expect(await (await rig.get('/jobs')).json()).toEqual({ data: [], next: null })
  return problem
}

describe('a job as NDJSON', () => {
  test('takes the lines for tasks', async () => {
    await using rig = await startApp()
    const response = await sendLines(rig, linesOf({ name: 'two' }, echoing(1), echoing({ a: 'é' })))
    expect(await outputsOf(rig, response)).toEqual([1, { a: 'é' }])
  })

  test('takes the lines for items where it has an `each`', async () => {
    await using rig = await startApp()
    const items = [1, 'two', null, { three: [3] }]
    expect(await outputsOf(rig, await sendLines(rig, linesOf(eachEcho, ...items)))).toEqual(items)
  })

  test('may have CRLF, a byte order mark, a charset, blank lines at its end, and no lines that follow', async () => {
    await using rig = await startApp()
    const text = `\ufeff${JSON.stringify(eachEcho)}\r\n1\r\n2\r\n\r\n \n`
    const headers = { 'content-type': 'application/x-ndjson; charset=utf-8' }
    expect(await outputsOf(rig, await sendLines(rig, text, headers))).toEqual([1, 2])
    expect(await outputsOf(rig, await sendLines(rig, '{}'))).toEqual([])
  })

  const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  test.each<[what: string, body: BodyInit, status: number, field: string, detail: string]>([
    [
      'no JSON',
      `{}\n${JSON.stringify(echoing())}\n{"kind":`,
      400,
      'tasks[1]',
      'line 3: Expected the line to be JSON: ',
    ],
    ['a job that is no JSON', 'job\n', 400, '', 'line 1: Expected the line to be JSON: '],
    [
      'a blank line',
      `${JSON.stringify(requests)}\n1\n\n2`,
      400,
      'each.items[1]',
      'line 3: Expected a JSON value, got a blank line.',
    ],
    ['blank lines alone', '\n\n', 400, '', 'line 1: Expected a JSON value, got a blank line.'],
    [
      'too deep',
      `${JSON.stringify(eachEcho)}\n1\n${deep(limits.depth + 1)}`,
      400,
      'each.items[1]',
      `line 3: Expected a line nested at most ${limits.depth} deep`,
    ],
    [
      'invalid UTF-8',
      Buffer.concat([Buffer.from(`${JSON.stringify(eachEcho)}\n"`), Buffer.from([0xff, 0x22])]),
      400,
      'each.items[0]',
      'line 2: Expected the line to be UTF-8',
    ],
    [
      'a task that is not allowed',
      linesOf({}, echoing(), { kind: 'sleep', ms: -5 }),
      422,
      'tasks[1].ms',
      'line 3: Expected "tasks[1].ms" between',
    ],
    [
      'an item that is not allowed',
      linesOf(requests, 'http://a.example', 'http://b.example', 'x'),
      422,
      'each.items[2]',
      'line 4: With each.items[2]: ',
    ],
    [
      'a key twice',
      linesOf({}, { ...echoing(), key: 'a' }, { ...echoing(), key: 'a' }),
      422,
      'tasks[1].key',
      'line 3: ',
    ],
    ['a job that is not allowed', linesOf({ nme: 'x' }), 422, 'nme', 'line 1: Unknown field "nme"'],
    ['a job that is no object', linesOf([], 1), 422, '', 'line 1: Expected '],
    ['an each that is no object', linesOf({ each: 1 }, 1), 422, 'each', 'line 1: Expected "each" to be '],
    [
      'tasks in the job',
      linesOf({ tasks: [echoing()] }, echoing()),
      422,
      'tasks',
      'line 1: Expected no "tasks", as the tasks are to come a line each',
    ],
    [
      'items in the job',
      linesOf({ each: { ...requests.each, items: [1] } }),
      422,
      'each.items',
      'line 1: Expected no "each.items"',
    ],
  ])('is refused with %s, naming the line and the field', async (_, body, status, field, detail) => {
    await using rig = await startApp()
    const problem = await refusalOf(rig, await sendLines(rig, body))
    expect(problem.status).toBe(status)
    expect(problem.detail).toStartWith(detail)
    expect(problem.errors?.[0]).toEqual({ field, message: problem.detail })
  })

  test('is refused with several errors at once, each with its line', async () => {
    await using rig = await startApp()
    const wrong = { kind: 'sleep', ms: -1 }
    const { errors } = await refusalOf(
      rig,
      await sendLines(rig, linesOf({ nme: 1 }, wrong, echoing(), wrong)),
    )
    expect(errors?.map(({ message }) => message.split(':', 1)[0])).toEqual(['line 1', 'line 2', 'line 4'])
  })

  test('is refused when it is empty or too large', async () => {
    await using rig = await startApp({ maxBodyBytes: 1_000 })
    expect(await refusalOf(rig, await sendLines(rig, ''))).toMatchObject({ status: 400 })
    expect(await refusalOf(rig, await sendLines(rig, linesOf(eachEcho, 'x'.repeat(1_000))))).toMatchObject({
      status: 413,
      code: 'too_large',
    })
  })

  test('with an Idempotency-Key is the same job for the same bytes only', async () => {
    await using rig = await startApp()
    const send = (body: string) => sendLines(rig, body, { 'idempotency-key': 'k' })
    const first = await (await send(linesOf(eachEcho, 1))).json()
    const again = await send(linesOf(eachEcho, 1))
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect((await again.json()).id).toBe(first.id)
    expect(await problemOf(await send(`${linesOf(eachEcho, 1)}\n`))).toMatchObject({
      code: 'idempotency_mismatch',
    })
  })
})

describe('a job as a form', () => {
  test('takes the rows of a CSV file for items, as objects of strings', async () => {
    await using rig = await startApp()
    const csv = '\ufeffid,name\r\n1,"Ada ""the"" L.,\r\nCountess"\r\n2,\r\n\r\n'
    expect(await outputsOf(rig, await sendForm(rig, eachEcho, csv))).toEqual([
      { id: '1', name: 'Ada "the" L.,\r\nCountess' },
      { id: '2', name: '' },
    ])
  })

  test('takes the lines of an NDJSON file for items', async () => {
    await using rig = await startApp()
    const response = await sendForm(rig, eachEcho, '1\n{"a":2}\n', 'application/x-ndjson')
    expect(await outputsOf(rig, response)).toEqual([1, { a: 2 }])
  })

  test('takes what curl sends: a job of any type, as a file or as text', async () => {
    await using rig = await startApp()
    for (const head of [
      'name="job"',
      'name="job"; filename="job.json"\r\nContent-Type: application/octet-stream',
    ]) {
      const body = [
        '--b',
        `Content-Disposition: form-data; ${head}`,
        '',
        JSON.stringify(eachEcho),
        '--b',
        'Content-Disposition: form-data; name="items"; filename="people.csv"',
        'Content-Type: Text/CSV; charset=utf-8',
        '',
        'a\r\n1\r\n',
        '--b--',
        '',
      ].join('\r\n')
      const response = await rig.send('POST', '/jobs', body, {
        'content-type': 'multipart/form-data; boundary=b',
      })
      expect(await outputsOf(rig, response)).toEqual([{ a: '1' }])
    }
  })

  test.each<[what: string, csv: string, detail: string]>([
    ['too few fields', 'a,b\n1,2\n3\n', 'line 3: Expected as many fields as the header has, 2, got 1.'],
    [
      'too many fields',
      'a,b\r\n"\r\n",2\r\n3,4,5',
      'line 4: Expected as many fields as the header has, 2, got 3.',
    ],
    [
      'a column twice',
      'a,b,a\n1,2,3',
      'line 1: Expected each column to have a name of its own, got "a" twice.',
    ],
    [
      'a column without a name',
      'a,,c\n1,2,3',
      'line 1: Expected each column to have a name, got none for column 2.',
    ],
    ['a bare quote', 'a\n1\n2"3', 'line 3: Expected a field with a quote in it to be quoted as a whole'],
    [
      'more after a quote',
      'a\n"1"2',
      'line 2: Expected a comma or the end of the line after a closing quote',
    ],
    ['an open quote', 'a\n1\n"2\n\n3\n', 'line 3: Expected each quote to be closed'],
    ['a blank line', 'a\n1\n\n2', 'line 3: Expected a row, got a blank line.'],
    ['no header', '\n\n', 'line 1: Expected a header row, got none.'],
  ])('is refused with CSV that has %s, naming the line', async (_, csv, detail) => {
    await using rig = await startApp()
    const problem = await refusalOf(rig, await sendForm(rig, eachEcho, csv))
    expect(problem).toMatchObject({ status: 400, code: 'malformed' })
    expect(problem.detail).toStartWith(detail)
    expect(problem.errors?.[0]?.field).toStartWith('each.items')
  })

  test('is refused by a row that its task does not allow, naming the line on which the row begins', async () => {
    await using rig = await startApp()
    const job = { each: { task: { kind: 'http', url: '{{item.url}}' } } }
    const csv = 'url,note\r\nhttps://example.com,"a\r\nb"\r\nnowhere,\r\n'
    expect(await refusalOf(rig, await sendForm(rig, job, csv))).toMatchObject({
      status: 422,
      detail: expect.stringMatching(/^line 4: With each\.items\[1\]: /),
      errors: [{ field: 'each.items[1]' }],
    })
  })

  test('is refused by a line of NDJSON, too', async () => {
    await using rig = await startApp()
    const response = await sendForm(rig, requests, '1\n2\n[', 'application/x-ndjson')
    expect(await refusalOf(rig, response)).toMatchObject({
      status: 400,
      detail: expect.stringMatching(/^line 3: /),
    })
  })

  test.each<[what: string, job: unknown, field: string, detail: string]>([
    ['no each', {}, 'each', 'Expected "each" to be an object {"task"}, got nothing.'],
    ['tasks', { ...requests, tasks: [] }, 'tasks', 'Expected no "tasks"'],
    ['items', { each: { ...requests.each, items: [] } }, 'each.items', 'Expected no "each.items"'],
    ['an unknown field', { ...requests, nme: 1 }, 'nme', 'Unknown field "nme"'],
    ['nothing in it', null, '', 'Expected '],
  ])('is refused with a job that has %s', async (_, job, field, detail) => {
    await using rig = await startApp()
    const problem = await refusalOf(rig, await sendForm(rig, job, 'a\n1'))
    expect(problem).toMatchObject({ status: 422, detail: expect.stringContaining(detail) })
    expect(problem.errors?.[0]?.field).toBe(field)
  })

  test.each<[what: string, change: (form: FormData) => void, status: number, detail: string]>([
    ['without a job', (form) => form.delete('job'), 422, 'Expected the part "job" to be there, got none.'],
    [
      'without items',
      (form) => form.delete('items'),
      422,
      'Expected the part "items" to be there, got none.',
    ],
    [
      'with two jobs',
      (form) => form.append('job', '{}'),
      422,
      'Expected the part "job" once, got it 2 times.',
    ],
    ['with a part of another name', (form) => form.set('jbo', ''), 422, 'Unknown part "jbo"'],
    [
      'with items as text',
      (form) => form.set('items', 'a\n1'),
      415,
      'to be text/csv or application/x-ndjson, got none.',
    ],
    [
      'with a job that is no JSON',
      (form) => form.set('job', '{'),
      400,
      'Expected the part "job" to be JSON: ',
    ],
    [
      'with items of another type',
      (form) => form.set('items', new File([''], 'x', { type: 'text/plain' })),
      415,
      'to be text/csv or application/x-ndjson, got "text/plain',
    ],
    [
      'with items that are not UTF-8',
      (form) => form.set('items', new File([new Uint8Array([0x61, 0x0a, 0xff])], 'x', { type: 'text/csv' })),
      400,
      'Expected the part "items" to be UTF-8',
    ],
  ])('is refused %s', async (_, change, status, detail) => {
    await using rig = await startApp()
    const form = formOf(eachEcho, 'a\n1')
    change(form)
    const problem = await refusalOf(rig, await rig.send('POST', '/jobs', form))
    expect(problem.status).toBe(status)
    expect(problem.detail).toContain(detail)
  })

  test.each([
    ['another boundary', '--a\r\n\r\n--a--', 'multipart/form-data; boundary=b'],
    ['no boundary', '--a\r\n\r\n--a--', 'multipart/form-data; charset=utf-8'],
    [
      'a job as text that is not UTF-8',
      Buffer.from(
        '--b\r\nContent-Disposition: form-data; name="job"\r\n\r\n"\xff"\r\n--b\r\nContent-Disposition: form-data; name="items"; filename="x"\r\nContent-Type: text/csv\r\n\r\na\r\n--b--\r\n',
        'latin1',
      ),
      'multipart/form-data; boundary=b',
    ],
  ])('is refused with %s', async (_, body, type) => {
    await using rig = await startApp()
    const problem = await refusalOf(rig, await rig.send('POST', '/jobs', body, { 'content-type': type }))
    expect(problem).toMatchObject({ status: 400, code: 'malformed' })
  })

  test('is refused when its rows, with the header in each, would be too large', async () => {
    await using rig = await startApp({ maxBodyBytes: 10_000 })
    const csv = `${'x'.repeat(1_000)}\n${'1\n'.repeat(100)}`
    expect(await refusalOf(rig, await sendForm(rig, eachEcho, csv))).toMatchObject({
      status: 413,
      detail: 'line 11: Expected rows of at most 10000 bytes as JSON, got more.',
    })
  })

  test('is refused from a page of another origin, which needs no preflight for it', async () => {
    await using rig = await startApp()
    const headers = { host: 'localhost', origin: 'https://evil.example' }
    const response = await rig.send('POST', '/jobs', formOf(eachEcho, 'a\n1'), headers)
    expect(await refusalOf(rig, response)).toMatchObject({ status: 403 })
  })

  test('is taken over the wire', async () => {
    await using rig = await startApp()
    const url = `http://${rig.listen()}/jobs`
    expect(
      await outputsOf(rig, await fetch(url, { method: 'POST', body: formOf(eachEcho, 'a\n1') })),
    ).toEqual([{ a: '1' }])
  })
})

test('another content type is refused with those that are taken', async () => {
  await using rig = await startApp()
  const response = await rig.send('POST', '/jobs', 'a\n1', { 'content-type': 'text/csv' })
  expect(response.headers.get('accept')).toBe('application/json, application/x-ndjson, multipart/form-data')
  expect(await refusalOf(rig, response)).toMatchObject({
    status: 415,
    detail:
      'Expected "Content-Type" to be application/json, application/x-ndjson or multipart/form-data, got "text/csv".',
  })
})

test('more rows than a job may have tasks are refused', () => {
  const rows = new Rows('each.items')
  expect(() =>
    readCsv(Buffer.from(`a\n${'1\n'.repeat(limits.tasks + 1)}`), rows, Number.MAX_SAFE_INTEGER),
  ).toThrow(`line ${limits.tasks + 2}: Expected "each.items" to be at most ${limits.tasks}, got more.`)
})

describe('CSV that was written as RFC 4180 says', () => {
  const cell = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    fc.string({
      unit: fc.constantFrom('"', ',', '\r', '\n', '\r\n', ' ', 'a', '\ufeff', '__proto__'),
      maxLength: 6,
    }),
  )
  const table = fc
    .uniqueArray(
      cell.filter((name) => name !== ''),
      { minLength: 1, maxLength: 4 },
    )
    .chain((names) =>
      fc.record({
        names: fc.constant(names),
        rows: fc.array(fc.array(cell, { minLength: names.length, maxLength: names.length }), {
          maxLength: 6,
        }),
        end: fc.constantFrom('\r\n', '\n'),
        after: fc.constantFrom('', '\n', '\r\n\r\n'),
        bom: fc.constantFrom('', '\ufeff'),
        eager: fc.boolean(),
      }),
    )

  test('is read as the rows that were written, each with the line on which it begins', () => {
    fc.assert(
      fc.property(table, ({ names, rows, end, after, bom, eager }) => {
        const quoted = (text: string) =>
          eager || text === '' || /["\r\n,\ufeff]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
        const records = [names, ...rows].map((row) => row.map(quoted).join(','))
        const read = new Rows('each.items')
        readCsv(Buffer.from(bom + records.join(end) + after), read, Number.MAX_SAFE_INTEGER)
        expect(read.values).toEqual(
          rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]]))),
        )
        for (const at of rows.keys())
          expect(read.lineOf(`each.items[${at}]`)).toBe(
            records
              .slice(0, at + 1)
              .join(end)
              .split('\n').length + 1,
          )
      }),
      { numRuns: 500 },
    )
  })
})
