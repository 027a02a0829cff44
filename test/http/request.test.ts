import { describe, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import fc from 'fast-check'
import { acceptedOf } from '../../src/http/request/accept.ts'
import { fromCursor, toCursor } from '../../src/http/request/cursor.ts'
import { isDeeperThan } from '../../src/http/request/depth.ts'
import { preferredWait } from '../../src/http/request/prefer.ts'
import { readQuery } from '../../src/http/request/query.ts'
import { Streams } from '../../src/http/streams.ts'
import { Problem } from '../../src/job/errors.ts'

describe('Accept', () => {
  const offered = ['application/json', 'application/x-ndjson'] as const
  test.each<[header: string | null, type: (typeof offered)[number] | undefined]>([
    [null, 'application/json'],
    ['', 'application/json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['Application/X-NDJSON', 'application/x-ndjson'],
    ['application/json;q=0.5, application/x-ndjson', 'application/x-ndjson'],
    ['application/x-ndjson;q=0.5, */*;q=0.4', 'application/x-ndjson'],
    ['application/json;q=0, */*', 'application/x-ndjson'],
    ['application/json; charset=utf-8; q=0.2, application/x-ndjson; q=0.1', 'application/json'],
    ['text/csv', undefined],
    ['application/json;q=0', undefined],
    ['application/json;q=x', undefined],
    [',;,', undefined],
  ])('%j takes %j', (header, type) => {
    expect(acceptedOf(header, offered)).toBe(type)
  })
})

describe('Prefer', () => {
  test.each([
    [null, undefined],
    ['wait=10', 10],
    ['WAIT="5"', 5],
    ['respond-async, wait=10', 10],
    ['wait=10;strict', 10],
    ['wait = 10', 10],
    ['wait=0', 0],
    ['wait=999999999', 60],
    ['wait', undefined],
    ['wait=', undefined],
    ['wait=-1', undefined],
    ['wait=1.5', undefined],
    ['await=10', undefined],
    ['return=minimal', undefined],
    ['wait=5, wait=10', 5],
    ['wait=soon, wait=10', undefined],
    ['return=minimal; wait=10', undefined],
    ['say="a, wait=10", wait=5', 5],
    ['say="a \\", wait=10"', undefined],
    ['wait="5', undefined],
  ])('%j waits %j', (prefer, seconds) => {
    expect(preferredWait(new Headers(prefer === null ? {} : { prefer }))).toBe(seconds)
  })
})

describe('a cursor', () => {
  test('names the place that it was made of', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (at) => {
        expect(fromCursor('jobs', toCursor('jobs', at))).toBe(at)
      }),
    )
    expect(fromCursor('jobs', undefined)).toBeUndefined()
  })

  test('of another list, or of nobody, is refused', () => {
    expect(() => fromCursor('tasks', toCursor('jobs', 1))).toThrow(Problem)
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(() => fromCursor('jobs', text)).toThrow('Expected "cursor"')
      }),
    )
    for (const odd of ['jobs:01', 'jobs:-1', 'jobs:1.5', 'jobs:1e3', 'jobs:', 'jobs: 1'])
      expect(() => fromCursor('jobs', Buffer.from(odd).toString('base64url'))).toThrow(Problem)
  })
})

describe('the depth of JSON', () => {
  const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0

  test('is found without parsing it, whatever its strings hold', () => {
    const text = fc.string({ unit: fc.constantFrom('[', '{', '"', '\\', ']', 'ü', '𝄞') })
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 6 }, text, fc.array(tie('value')), fc.dictionary(text, tie('value'))),
    }))
    fc.assert(
      fc.property(value, (json) => {
        const depth = depthOf(json)
        expect(isDeeperThan(depth, bytesOf(json))).toBe(false)
        if (depth > 0) expect(isDeeperThan(depth - 1, bytesOf(json))).toBe(true)
      }),
    )
  })

  test('of anything at all is found without a throw', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof isDeeperThan(3, bytes) === 'boolean'))
  })
})

describe('a query', () => {
  const schema = Type.Object(
    { n: Type.Optional(Type.Integer()), s: Type.Optional(Type.String()) },
    { additionalProperties: false },
  )
  const read = (query: string) => readQuery(schema, `http://localhost/?${query}`)

  test('converts whole numbers, and nothing else', () => {
    expect(read('n=007&s=007')).toEqual({ n: 7, s: '007' })
    expect(read('s=a%20b+c%26')).toEqual({ s: 'a b c&' })
    expect(read('')).toEqual({})
    for (const n of ['1e3', '0x10', '1.0', ' 1', '', 'true', '９'])
      expect(() => read(`n=${n}`)).toThrow('Expected "n"')
  })

  test('names what it does not know', () => {
    expect(() => read('m=1')).toThrow('"m"')
    expect(() => read('__proto__=1')).toThrow('"__proto__"')
  })
})

describe('the open streams', () => {
  test('are ended once each, and may be closed twice', () => {
    const streams = new Streams()
    let ended = 0
    streams.add('sse', () => (ended += 1))
    const forget = streams.add('sse', () => (ended += 100))
    forget()
    streams.close()
    streams.close()
    expect(ended).toBe(1)
    expect(streams.size).toBe(0)
  })

  test('end at once when they come too late', () => {
    const streams = new Streams()
    streams.close()
    let ended = false
    streams.add('sse', () => {
      ended = true
    })
    expect(ended).toBe(true)
    expect(streams.closed).toBe(true)
  })
})
