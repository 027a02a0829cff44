import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { explain } from '../../../src/job/explain.ts'
import { originOf } from '../../../src/kinds/http/origin.ts'
import { HttpInput } from '../../../src/kinds/http.ts'
import { http } from './loopback.ts'

const url = 'https://api.example.com/users/1'

/** All that is wrong with an input: what the schema says, or else what the kind says. */
const errorsOf = (input: object) => {
  const errors = explain(HttpInput, input, 'tasks[3]')
  return errors.length > 0 ? errors : (http.check?.(input as HttpInput, 'tasks[3]') ?? [])
}

describe('a URL', () => {
  test.each([
    ['https://api.example.com/users/1', 'http:api.example.com'],
    ['HTTP://API.Example.COM', 'http:api.example.com'],
    ['http://example.com:80/', 'http:example.com'],
    ['https://example.com:443?x', 'http:example.com'],
    ['https://example.com:80#x', 'http:example.com:80'],
    ['http://127.0.0.1:3000/a', 'http:127.0.0.1:3000'],
    ['http://0x7f000001/', 'http:127.0.0.1'],
    ['http://[::1]:3000/', 'http:[::1]:3000'],
    ['https://münchen.example/', 'http:xn--mnchen-3ya.example'],
    ['https:\\\\example.com\\a@b', 'http:example.com'],
    ['http://example.com/a@b?c@d', 'http:example.com'],
    [' http://exa\nmple.com', 'http:example.com'],
  ])('%j goes into the queue %s', (url, queue) => {
    expect(errorsOf({ url })).toEqual([])
    expect(http.queue({ url })).toBe(queue)
  })

  test.each([
    '',
    'users/1',
    '//example.com',
    'ftp://example.com',
    'file:///etc/passwd',
    'data:,x',
    's3://a/b',
    'http://',
    'http://a b/',
    'http://x:99999/',
    'javascript:1',
  ])('%j is refused', (url) => {
    expect(errorsOf({ url })).toEqual([
      { field: 'tasks[3].url', message: expect.stringContaining(JSON.stringify(url)) },
    ])
  })

  test.each([
    'https://user:secret@example.com/',
    'https://secret@example.com',
    'ftp://user:secret@example.com/',
    'http:secret@example.com',
  ])('with credentials is refused, and not repeated (%s)', (url) => {
    const [error] = errorsOf({ url })
    expect(error?.field).toBe('tasks[3].url')
    expect(error?.message).not.toContain('secret')
  })

  test('of 8,192 characters is accepted, and a longer one is refused', () => {
    const long = `${url}?${'a'.repeat(8_192 - url.length - 1)}`
    expect(errorsOf({ url: long })).toEqual([])
    expect(errorsOf({ url: `${long}a` })).toHaveLength(1)
  })

  test.each([
    'http://8.8.8.8@127.0.0.2/',
    'http://8.8.8.8:@127.0.0.2/',
    'http://8.8.8.8.@127.0.0.2/',
    'http://127.0.0.2/http://8.8.8.8/',
    'http://10.0.0.1/',
  ])('is looked at as if none had come before (%s)', (next) => {
    expect(errorsOf({ url: 'http://8.8.8.8/' })).toEqual([])
    expect(errorsOf({ url: next })).toMatchObject([{ field: 'tasks[3].url' }])
    const { host, username } = new URL(next)
    expect(originOf(next)).toEqual(username === '' ? { host } : { flaw: 'credentials' })
  })

  test('leads to the same host as the URL parser says, whatever it is', () => {
    const piece = fc.constantFrom(
      'http',
      'https',
      '://',
      ':',
      '/',
      '\\',
      '@',
      '?',
      '#',
      'a.example',
      'B',
      ':80',
      ':8080',
      '[::1]',
      '1.2',
      '\t',
      ' ',
      'ü',
      '%41',
      '..',
    )
    const text = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          text.map((rest) => `http://${rest}`),
          fc.webUrl(),
        ),
        (url) => {
          const parsed = URL.parse(url)
          const isHttp = parsed?.protocol === 'http:' || parsed?.protocol === 'https:'
          if (!parsed || !isHttp) expect(originOf(url)).toEqual({ flaw: 'no http URL' })
          else if (parsed.username || parsed.password) expect(originOf(url)).toEqual({ flaw: 'credentials' })
          else expect(originOf(url)).toEqual({ host: parsed.host })
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

describe('a body', () => {
  test.each([
    ['GET', { json: null }],
    ['GET', { method: 'GET', text: '' }],
    ['HEAD', { method: 'HEAD', json: {} }],
  ])('is refused with %s', (method, fields) => {
    expect(errorsOf({ url, ...fields })).toEqual([
      {
        field: 'tasks[3].method',
        message: `Expected "tasks[3].method" to be one that sends a body, because there is one, got "${method}".`,
      },
    ])
  })

  test('is either JSON or text', () => {
    expect(errorsOf({ url, method: 'POST', json: null, text: 'a' })).toEqual([
      {
        field: 'tasks[3].text',
        message: 'Expected "tasks[3].text" to be left out, because "json" is the body, got "a".',
      },
    ])
  })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('may go with %s', (method) => {
    expect(errorsOf({ url, method, json: { a: 1 } })).toEqual([])
    expect(errorsOf({ url, method, text: '' })).toEqual([])
  })
})

describe('headers', () => {
  test.each([
    'Host',
    'content-length',
    'Transfer-Encoding',
    'CONNECTION',
    'upgrade',
    'keep-alive',
    'te',
    'trailer',
  ])('that belong to the connection are refused: %s', (name) => {
    expect(errorsOf({ url, headers: { accept: '*/*', [name]: '1' } })).toEqual([
      {
        field: 'tasks[3].headers',
        message: `Expected "tasks[3].headers" without "${name}", which follows from the URL and the body.`,
      },
    ])
  })

  test.each(['', 'a b', 'a:', 'a\r\nb', 'a\n', 'ü', 'a\0', '"a"', 'a'.repeat(201)])(
    'cannot be named %j',
    (name) => {
      expect(errorsOf({ url, headers: { [name]: '1' } })).toHaveLength(1)
    },
  )

  test.each(['a\r\nx: y', 'a\nb', 'a\rb', 'a\0b', '✓', 'a\x7f', 'a'.repeat(8_193)])(
    'cannot have the value %j',
    (value) => {
      expect(errorsOf({ url, headers: { 'x-a': value } })).toHaveLength(1)
    },
  )

  test('that pass are taken by fetch', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('a', '\t', ' ', 'é', '-', ':') }),
    )
    fc.assert(
      fc.property(fc.dictionary(texts, texts), (headers) => {
        if (errorsOf({ url, headers }).length === 0) new Headers(headers)
      }),
      { numRuns: 1_000 },
    )
  })

  test('are 100 at most', () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`x-${n}`, '1']))
    expect(errorsOf({ url, headers: many(100) })).toEqual([])
    expect(errorsOf({ url, headers: many(101) })).toHaveLength(1)
  })
})

describe('fields', () => {
  test.each([
    [{ method: 'get' }, 'method'],
    [{ expect: { status: 99 } }, 'expect.status'],
    [{ expect: { status: '2XX' } }, 'expect.status'],
    [{ expect: { status: [] } }, 'expect.status'],
    [{ expect: { status: [200, '6xx'] } }, 'expect.status[1]'],
    [{ expect: { code: 200 } }, 'expect.code'],
    [{ maxBytes: 0 }, 'maxBytes'],
    [{ maxBytes: 16_777_217 }, 'maxBytes'],
    [{ query: { a: null } }, 'query.a'],
    [{ query: { 'a\nb': [] } }, "query['a\\nb']"],
    [{ responseHeaders: ['a b'] }, 'responseHeaders[0]'],
    [{ body: 'a' }, 'body'],
  ])('%j are refused by name', (fields, field) => {
    expect(errorsOf({ url, ...fields })).toMatchObject([{ field: `tasks[3].${field}` }])
  })
})
