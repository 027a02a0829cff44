import type { RunResult } from '../kind.ts'
import { failed, failedForGood } from '../results.ts'

/**
 * The result of a request that `fetch` gave up, by the code of its error. The codes were found by experiment with Bun
 * 1.4.5: the documentation names but a few. Undefined for what is no error of the network.
 */
export const networkFailure = (error: unknown, host: string): RunResult | undefined => {
  const code = codeOf(error)
  if (code === undefined) return undefined
  const details = { reason: code }
  if (isDns(error, code)) {
    return failed('dns_failed', `The host name of ${host} could not be resolved (${code}).`, details)
  }
  if (certificate.test(code)) {
    return failedForGood('tls_failed', `The certificate of ${host} is not valid (${code}).`, details)
  }
  if (handshake.test(code)) {
    return failed('tls_failed', `The TLS handshake with ${host} failed (${code}).`, details)
  }
  if (garbled.test(code)) {
    return failedForGood('invalid_response', `The response of ${host} is not valid HTTP (${code}).`, details)
  }
  if (unreachable.test(code)) {
    return failed('connect_failed', `No connection to ${host} could be made (${code}).`, details)
  }
  return failed(
    'connection_lost',
    `The connection to ${host} broke before the response was complete (${code}).`,
    details,
  )
}

/** The names that OpenSSL has for a certificate that does not hold, and those of Node for a wrong host name. */
const certificate =
  /CERT|CRL|^INVALID_(CA|PURPOSE)$|^PATH_LENGTH_EXCEEDED$|^HOSTNAME_MISMATCH$|^UNABLE_TO_(GET|VERIFY|DECODE|DECRYPT)_/

const handshake = /^(EPROTO|ERR_TLS|ERR_SSL)/

/** What Bun's HTTP parser and its decompressors call a response that they cannot read. */
const garbled = /^(Malformed|Invalid|ResponseHeaders|Unsupported|Unrequested|Zlib|Brotli|Zstd)/

const unreachable =
  /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EHOSTDOWN|EADDRNOTAVAIL|ETIMEDOUT|EACCES|EPERM|EMFILE|ENFILE|ERR_PROXY_TUNNEL)$/

const isDns = (error: unknown, code: string) =>
  code === 'ENOTFOUND' ||
  code.startsWith('EAI_') ||
  (error instanceof Error && Reflect.get(error, 'syscall') === 'getaddrinfo')

const codeOf = (error: unknown): string | undefined => {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
  return typeof code === 'string' && !code.startsWith('ERR_INVALID_') ? code : undefined
}
