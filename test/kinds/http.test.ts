import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { accepts } from '../../src/job/check.ts'
import { HttpInput } from '../../src/kinds/http.ts'
import type { RunResult } from '../../src/kinds/kind.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { TestContext } from './context.ts'
import { http } from './http/loopback.ts'

let upstream: Upstream
beforeAll(() => {
  upstream = startUpstream()
})
afterAll(() => upstream.stop())

type Fields = Omit<HttpInput, 'url'>

const run = async (path: string, fields: Fields = {}, context = new TestContext()): Promise<RunResult> => {
  const input: HttpInput = { url: upstream.url + path, ...fields }
  expect(accepts(HttpInput, input)).toBe(true)
  expect(http.check?.(input, 'tasks[0]')).toEqual([])
  return http.run(input, context)
}

const outputOf = async (path: string, fields?: Fields): Promise<unknown> => {
  const result = await run(path, fields)
  if (result.type !== 'succeeded') throw new Error(`Not succeeded: ${JSON.stringify(result)}`)
  return JSON.parse(result.output)
}

const json = { 'content-type': 'application/json' }

describe('the output', () => {
  test('has the status, the content type and the parsed body', async () => {
    expect(await outputOf('/users/7')).toEqual({
      status: 200,
      headers: json,
      body: { id: 7, name: 'User 7' },
    })
  })

  test('keeps the JSON of the body to the digit, on one line', async () => {
    expect(await run('/pretty')).toEqual({
      type: 'succeeded',
      output:
        '{"status":200,"headers":{"content-type":"application/json"},"body":{   "text": "a\\nb",   "id": 12345678901234567890 } }',
    })
  })

  test('has the JSON of any type that ends in +json', async () => {
    expect(await outputOf('/problem-json')).toMatchObject({ body: { code: 'x' } })
  })

  test('has any other body as text', async () => {
    expect(await outputOf('/text')).toEqual({
      status: 200,
      headers: { 'content-type': 'text/plain;charset=utf-8' },
      body: 'Grüße, 世界\n',
    })
  })

  test.each([
    ['an empty body', '/empty', {}],
    ['a status without a body', '/status/204', {}],
    ['a HEAD request', '/users/7', { method: 'HEAD' }],
  ] as const)('has the body null for %s', async (_, path, fields) => {
    expect(await outputOf(path, fields)).toMatchObject({ body: null })
  })

  test('has a body that was compressed', async () => {
    expect(await outputOf('/gzip')).toMatchObject({ body: { zipped: true } })
  })

  test('has the response headers that the task asked for, in lower case, if they came', async () => {
    expect(await outputOf('/headers', { responseHeaders: ['X-One', 'ETag', 'x-none', '__proto__'] })).toEqual(
      {
        status: 200,
        headers: { ...json, 'x-one': '1', etag: '"abc"' },
        body: {},
      },
    )
  })
})

describe('the request', () => {
  const sent = async (fields: Fields, path = '/echo') => {
    const output = (await outputOf(path, fields)) as { body: { headers: Record<string, string> } }
    return output.body
  }

  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const)(
    'has the method %s',
    async (method) => {
      expect(await sent({ method })).toMatchObject({ method, body: '' })
    },
  )

  test('has a JSON body and says so', async () => {
    expect(await sent({ method: 'POST', json: { a: [1, 'ü'] } })).toMatchObject({
      body: '{"a":[1,"ü"]}',
      headers: { 'content-type': 'application/json' },
    })
  })

  test.each([[null], [false], [0], ['']])('has the JSON body %p', async (value) => {
    expect(await sent({ method: 'POST', json: value })).toMatchObject({ body: JSON.stringify(value) })
  })

  test('has a text body, and the content type that the task gives it', async () => {
    const headers = { 'Content-Type': 'text/csv' }
    expect(await sent({ method: 'PUT', text: 'a,b', headers })).toMatchObject({
      body: 'a,b',
      headers: { 'content-type': 'text/csv' },
    })
    expect(await sent({ method: 'PUT', text: 'a,b' })).toMatchObject({
      headers: { 'content-type': 'text/plain;charset=utf-8' },
    })
  })

  test('carries the key of the task, which is the same on every attempt', async () => {
    const { headers } = await sent({})
    expect(headers['idempotency-key']).toBe(new TestContext().idempotencyKey)
  })

  test('carries the key that the task gives, however it is spelt', async () => {
    const { headers } = await sent({ headers: { 'IDEMPOTENCY-Key': 'mine' } })
    expect(headers['idempotency-key']).toBe('mine')
  })

  test.each([
    ['/echo', { 'a b': 'ü&=', n: 1.5, yes: true }, '?a+b=%C3%BC%26%3D&n=1.5&yes=true'],
    ['/echo?x=1%202', { y: '2' }, '?x=1%202&y=2'],
    ['/echo?', { y: '2' }, '?y=2'],
    ['/echo?x#part', { y: '2' }, '?x&y=2'],
    ['/echo#part', {}, ''],
  ])('to %s adds to the query and leaves the rest as it was', async (path, query, expected) => {
    expect(await sent({ query }, path)).toMatchObject({ path: '/echo', query: expected })
  })
})

describe('the status', () => {
  test.each<[number, NonNullable<NonNullable<Fields['expect']>['status']>]>([
    [404, 404],
    [404, '4xx'],
    [404, ['2xx', 404]],
    [503, [200, '5xx']],
  ])('%d fits %j', async (status, expected) => {
    expect(await outputOf(`/status/${status}`, { expect: { status: expected } })).toMatchObject({ status })
  })

  test('that is not expected fails the task, with the beginning of the body', async () => {
    expect(await run('/status/404')).toEqual({
      type: 'failed',
      error: {
        code: 'unexpected_status',
        message: 'Expected status 2xx, got 404.',
        details: { status: 404, body: '{"status":404}' },
      },
      retryable: false,
    })
    expect(await run('/ok', { expect: { status: [201, '3xx'] } })).toMatchObject({
      error: { message: 'Expected status 201, 3xx, got 200.' },
    })
  })

  test.each([408, 425, 429, 500, 501, 502, 503, 504, 599])('%d is worth another attempt', async (status) => {
    expect(await run(`/status/${status}`)).toMatchObject({
      error: { code: 'unexpected_status' },
      retryable: true,
    })
  })

  test.each([300, 304, 400, 401, 403, 404, 409, 410, 422])('%d is not', async (status) => {
    expect(await run(`/status/${status}`)).toMatchObject({
      error: { code: 'unexpected_status' },
      retryable: false,
    })
  })

  test('shows no more than 1 KiB of the body, however long it is', async () => {
    for (const path of ['/bytes/5000', '/bytes/5000000', '/endless']) {
      expect(await run(path, { expect: { status: 418 } })).toMatchObject({
        error: { details: { status: 200, body: 'a'.repeat(1_024) } },
      })
    }
  })
})

describe('a body', () => {
  const tooLarge = (maxBytes: number) => ({
    type: 'failed',
    error: {
      code: 'response_too_large',
      message: `Expected a body of at most ${maxBytes} bytes ("maxBytes"), got more.`,
      details: { status: 200, maxBytes },
    },
    retryable: false,
  })

  test.each(['/bytes/1000', '/stream/1000'])('of maxBytes is kept (%s)', async (path) => {
    expect(await outputOf(path, { maxBytes: 1_000 })).toMatchObject({ body: 'a'.repeat(1_000) })
  })

  test.each(['/bytes/1001', '/stream/1001', '/bytes/9000000', '/gzip-bomb'])(
    'of more than maxBytes fails the task (%s)',
    async (path) => {
      expect<unknown>(await run(path, { maxBytes: 1_000 })).toEqual(tooLarge(1_000))
    },
  )

  test('may have 1 MiB if the task does not say', async () => {
    expect(await outputOf('/stream/1048576')).toMatchObject({ status: 200 })
    expect<unknown>(await run('/stream/1048577')).toEqual(tooLarge(1_048_576))
  })

  test('without an end is cut off, and its connection closed', async () => {
    expect<unknown>(await run('/endless', { maxBytes: 100_000 })).toEqual(tooLarge(100_000))
    await upstream.abandoned('/endless')
  })

  test('that claims to be JSON and is not fails the task', async () => {
    expect(await run('/bad-json')).toEqual({
      type: 'failed',
      error: {
        code: 'invalid_response',
        message: 'Expected a body of JSON, as its content-type says, got 9 characters that are not.',
        details: { status: 200, body: '{"ok":tru' },
      },
      retryable: false,
    })
  })
})

describe('an aborted request', () => {
  test.each(['/hang', '/drip'])('settles at once and closes its connection (%s)', async (path) => {
    const context = new TestContext()
    const result = run(path, {}, context)
    await upstream.arrived(path)
    context.controller.abort()
    expect(await result).toMatchObject({ type: 'failed' })
    await upstream.abandoned(path)
  })

  test('is not sent if it starts aborted', async () => {
    const context = new TestContext()
    context.controller.abort()
    expect(await run('/ok?aborted', {}, context)).toMatchObject({ type: 'failed' })
    expect(upstream.requests.some(({ query }) => query === '?aborted')).toBe(false)
  })
})

test('a flaky upstream is asked with the same key until it answers', async () => {
  const context = new TestContext()
  expect(await run('/flaky/1/ann', { headers: { 'idempotency-key': 'ann' } }, context)).toMatchObject({
    retryable: true,
  })
  expect(await run('/flaky/1/ann', { headers: { 'idempotency-key': 'ann' } }, context)).toMatchObject({
    type: 'succeeded',
  })
  expect(upstream.countOf('ann')).toBe(2)
})
