import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { networkFailure } from '../../../src/kinds/http/failure.ts'
import { startWire, type Wire } from '../../support/wire.ts'
import { TestContext } from '../context.ts'
import { selfSigned } from './certificate.ts'
import { http } from './loopback.ts'

let wire: Wire
beforeAll(() => {
  wire = startWire()
})
afterAll(() => wire.stop())

const run = (url: string) => http.run({ url }, new TestContext())
const failure = (code: string, retryable: boolean) => ({ type: 'failed', error: { code }, retryable })

describe('a response', () => {
  test.each(['/close', '/reset', '/cut-length', '/cut-chunked', '/reset-length'])(
    'that breaks off is a lost connection, and worth another attempt (%s)',
    async (path) => {
      expect(await run(wire.url + path)).toMatchObject(failure('connection_lost', true))
    },
  )

  test.each(['/garbage', '/bad-chunk', '/bad-length', '/bad-gzip'])(
    'that is not HTTP is invalid, and would be again (%s)',
    async (path) => {
      expect(await run(wire.url + path)).toMatchObject(failure('invalid_response', false))
    },
  )

  test('of an unexpected status counts by its status, even if its body breaks off', async () => {
    expect(await run(`${wire.url}/cut-error`)).toMatchObject({
      error: { code: 'unexpected_status', details: { status: 503 } },
      retryable: true,
    })
  })

  test('that is longer than its length says is still measured', async () => {
    expect(
      await http.run({ url: `${wire.url}/lying-length`, maxBytes: 999 }, new TestContext()),
    ).toMatchObject(failure('response_too_large', false))
  })

  test('says in its error which host, and not which path or query', async () => {
    const { host } = new URL(wire.url)
    expect(await run(`${wire.url}/close?token=secret`)).toEqual({
      type: 'failed',
      error: {
        code: 'connection_lost',
        message: `The connection to ${host} broke before the response was complete (ECONNRESET).`,
        details: { reason: 'ECONNRESET' },
      },
      retryable: true,
    })
  })
})

describe('a connection', () => {
  test('to a closed port is refused, and worth another attempt', async () => {
    const gone = startWire()
    gone.stop()
    expect(await run(gone.url)).toMatchObject(failure('connect_failed', true))
  })

  test('to a host that no DNS can know fails by its name', async () => {
    // A name has at most 253 characters (RFC 1035), so no query leaves the machine.
    expect(await run(`http://${`${'a'.repeat(63)}.`.repeat(4)}example/`)).toMatchObject(
      failure('dns_failed', true),
    )
  })

  test('to a server with a certificate of its own making is refused for good', async () => {
    await using server = Bun.serve({ port: 0, tls: selfSigned, fetch: () => new Response('secret') })
    expect(await run(`https://localhost:${server.port}/`)).toMatchObject({
      ...failure('tls_failed', false),
      error: { code: 'tls_failed', details: { reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' } },
    })
  })

  test('over TLS to a server that speaks none fails, and is worth another attempt', async () => {
    expect(await run(wire.url.replace('http', 'https'))).toMatchObject(failure('tls_failed', true))
  })
})

describe('the code of an error', () => {
  const coded = (code: unknown, fields: object = {}) => Object.assign(new TypeError('x'), { code, ...fields })

  test.each([
    ['ENOTFOUND', 'dns_failed', true],
    ['EAI_AGAIN', 'dns_failed', true],
    ['ECONNREFUSED', 'connect_failed', true],
    ['EHOSTUNREACH', 'connect_failed', true],
    ['ENETUNREACH', 'connect_failed', true],
    ['ETIMEDOUT', 'connect_failed', true],
    ['ECONNRESET', 'connection_lost', true],
    ['EPIPE', 'connection_lost', true],
    ['SOMETHING_NEW', 'connection_lost', true],
    ['CERT_HAS_EXPIRED', 'tls_failed', false],
    ['CERT_NOT_YET_VALID', 'tls_failed', false],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls_failed', false],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls_failed', false],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls_failed', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls_failed', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls_failed', false],
    ['HOSTNAME_MISMATCH', 'tls_failed', false],
    ['EPROTO', 'tls_failed', true],
    ['Malformed_HTTP_Response', 'invalid_response', false],
    ['InvalidContentLength', 'invalid_response', false],
    ['ZlibError', 'invalid_response', false],
    ['BrotliDecompressionError', 'invalid_response', false],
  ])('%s becomes %s', (code, expected, retryable) => {
    expect(networkFailure(coded(code), 'example.com')).toMatchObject(failure(expected, retryable))
  })

  test('of a name lookup counts as that, whatever it is', () => {
    expect(networkFailure(coded('ESERVFAIL', { syscall: 'getaddrinfo' }), 'a')).toMatchObject(
      failure('dns_failed', true),
    )
  })

  test('that is missing, or tells of a bug of ours, makes no failure of the network', () => {
    for (const error of [new TypeError('x'), coded(20), coded('ERR_INVALID_URL'), 'ECONNRESET', undefined])
      expect(networkFailure(error, 'example.com')).toBeUndefined()
  })
})
