import { describe, expect, test } from 'bun:test'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { answering } from './answering.ts'

const packers = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync, deflate: deflateSync }
const packed = (request: Request, text: string) => {
  const encoding = new URL(request.url).pathname.slice(1) as keyof typeof packers
  return new Response(packers[encoding](Buffer.from(text)), {
    headers: { 'content-encoding': encoding, 'content-type': 'application/json' },
  })
}

describe.each(Object.keys(packers))('a body that was compressed with %s', (encoding) => {
  test('is asked for, and read', async () => {
    await using upstream = answering((request) =>
      packed(request, JSON.stringify({ accepted: request.headers.get('accept-encoding') })),
    )
    expect(await upstream.output(`/${encoding}`)).toMatchObject({
      body: { accepted: expect.stringContaining(encoding) },
    })
  })

  test('is measured as it unfolds, and cut there', async () => {
    await using upstream = answering((request) => packed(request, ' '.repeat(64 * 1024 * 1024)))
    expect(await upstream.run(`/${encoding}`, { maxBytes: 100_000 })).toMatchObject({
      error: { code: 'response_too_large', details: { status: 200, maxBytes: 100_000 } },
      retryable: false,
    })
  })
})

describe('a body', () => {
  const body = (text: string | Uint8Array<ArrayBuffer>, type = 'application/json') =>
    answering(() => new Response(text, { headers: { 'content-type': type } }))

  test.each([
    ['auto', 'application/json', { a: 1 }],
    ['auto', 'text/plain', '{"a":1}'],
    ['json', 'text/plain', { a: 1 }],
    ['text', 'application/json', '{"a":1}'],
    ['none', 'application/json', null],
  ] as const)('becomes, by "%s", of %s: %j', async (parse, type, expected) => {
    await using upstream = body('{"a":1}', type)
    expect(await upstream.output('/', { parse })).toMatchObject({ body: expected })
  })

  test('that must be JSON and is not fails the task', async () => {
    await using upstream = body('<html>', 'text/html')
    expect(await upstream.run('/', { parse: 'json' })).toMatchObject({
      error: { code: 'invalid_response', details: { status: 200, body: '<html>' } },
      retryable: false,
    })
  })

  test('that nobody wants may have any length', async () => {
    await using upstream = body('a'.repeat(2_000_000), 'text/plain')
    expect(await upstream.output('/', { parse: 'none' })).toMatchObject({ status: 200, body: null })
  })

  test('is read in its charset', async () => {
    await using upstream = body(new Uint8Array([0x47, 0x72, 0xfc, 0xdf]), 'text/plain; charset="ISO-8859-1"')
    expect(await upstream.output('/')).toMatchObject({ body: 'Grüß' })
    await using unknown = body('Grüß', 'text/plain; charset=klingon')
    expect(await unknown.output('/')).toMatchObject({ body: 'Grüß' })
  })

  test('may have to match', async () => {
    await using upstream = body('{"state":"done"}')
    expect(await upstream.output('/', { expect: { bodyMatches: '"state":\\s*"done"' } })).toMatchObject({
      body: { state: 'done' },
    })
    const fields = { expect: { bodyMatches: 'ready|failed' } }
    expect(await upstream.run('/', fields)).toEqual({
      type: 'failed',
      error: {
        code: 'unexpected_body',
        message: 'Expected a body in which "ready|failed" is found, got one of 16 characters.',
        details: { status: 200, body: '{"state":"done"}' },
      },
      retryable: false,
    })
    expect(await upstream.run('/', { ...fields, retryOn: { body: true } })).toMatchObject({ retryable: true })
  })
})

describe('what is worth another attempt', () => {
  const status = (code: number) => answering(() => new Response(null, { status: code }))

  test('is what the task says', async () => {
    await using busy = status(409)
    expect(await busy.run('/', { retryOn: { status: [409] } })).toMatchObject({ retryable: true })
    await using broken = status(500)
    expect(await broken.run('/', { retryOn: { status: 409 } })).toMatchObject({ retryable: false })
    expect(await broken.run('/', { retryOn: { network: false } })).toMatchObject({ retryable: true })
  })

  test('may leave out the network', async () => {
    const gone = status(200)
    await gone[Symbol.asyncDispose]()
    expect(await gone.run('/')).toMatchObject({ error: { code: 'connect_failed' }, retryable: true })
    expect(await gone.run('/', { retryOn: { network: false } })).toMatchObject({ retryable: false })
  })
})
