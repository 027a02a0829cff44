import type { NodemailerError } from 'nodemailer'
import type { RunResult } from '../kind.ts'
import { failed, failedForGood } from '../results.ts'

/** Of a message that came too late, or was being sent. */
export const closed = failed('connect_failed', 'The connections to the SMTP server are closed.')

type Clean = (reply: string) => string

/**
 * The result of a message that could not be handed over; undefined for what is no error of SMTP. Neither the server's name
 * nor nodemailer's own words are in it: who submits tasks need not know where mail leaves.
 */
export const failureOf = (error: unknown, clean: Clean): RunResult | undefined => {
  if (!isMailError(error)) return undefined
  const { code, originalCode = code, responseCode } = error
  if (code === 'ETLS' && responseCode !== undefined) return startTlsFailure(responseCode)
  if (responseCode !== undefined) return replyFailure(error, responseCode, clean)
  const details = { reason: error.timeoutType ?? originalCode }
  if (certificate.test(originalCode))
    return failedForGood(
      'tls_failed',
      `The certificate of the SMTP server is not valid (${originalCode}).`,
      details,
    )
  if (code === 'ETLS' || error.timeoutType === 'UPGRADE_TIMEOUT' || handshake.test(originalCode))
    return failed('tls_failed', 'The TLS handshake with the SMTP server failed.', details)
  return silentFailure(error, details)
}

interface MailError extends NodemailerError {
  code: string
}

const isMailError = (error: unknown): error is MailError =>
  error instanceof Error && typeof Reflect.get(error, 'code') === 'string'

/** The names that OpenSSL has for a certificate that does not hold, and those of Node for a wrong host name. */
const certificate = /CERT|CRL|^HOSTNAME_MISMATCH$|^UNABLE_TO_(GET|VERIFY|DECODE|DECRYPT)_/
const handshake = /^(EPROTO$|ERR_TLS|ERR_SSL)/
const unreachable =
  /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EHOSTDOWN|EADDRNOTAVAIL|ETIMEDOUT|EACCES|EPERM)$/

const startTlsFailure = (reply: number): RunResult => {
  const message = `The SMTP server does not begin TLS (STARTTLS, ${reply}), and nothing is sent to it without.`
  return (isPermanent(reply) ? failedForGood : failed)('tls_failed', message, { reply })
}

/** By the first digit of the reply: 4 means later, 5 means never (RFC 5321, section 4.2.1). */
const replyFailure = (error: MailError, reply: number, clean: Clean): RunResult => {
  const details = { reply, ...(error.command && { command: verbOf(error.command) }) }
  if (error.code === 'EAUTH') {
    // Without the reply's text, in which a server may say who tried to log in, and with what.
    const message = `The SMTP server refused the login of SHEAF_SMTP (${reply}).`
    return ended(reply, message, details)
  }
  const response = clean(error.response ?? '')
  const rejected = error.rejectedErrors && rejectionsOf(error.rejectedErrors, clean)
  const what = error.command === 'RCPT TO' ? 'every recipient' : 'the message'
  const how = isPermanent(reply) ? 'refused' : 'could not take'
  return ended(reply, `The SMTP server ${how} ${what}: ${response}`, {
    ...details,
    response,
    ...(rejected && { rejected }),
  })
}

const ended = (reply: number, message: string, details: Record<string, unknown>): RunResult =>
  isPermanent(reply)
    ? failedForGood('smtp_refused', message, details)
    : failed('smtp_failed', message, details)

const isPermanent = (reply: number) => reply >= 500 && reply < 600

/** The recipients that the server refused, and its words for each. */
export const rejectionsOf = (errors: readonly NodemailerError[], clean: Clean) =>
  errors.map(({ recipient = '', response = '' }) => ({ address: recipient, response: clean(response) }))

/** `AUTH PLAIN` is all there is to say about a command: what follows may be a secret. */
const verbOf = (command: string) => command.split(' ', 2).join(' ')

/** Of an error that came without a reply. */
const silentFailure = (
  { code, originalCode = code, timeoutType }: MailError,
  details: Record<string, unknown>,
): RunResult | undefined => {
  switch (code) {
    case 'EDNS':
      return failed('dns_failed', 'The host name of the SMTP server could not be resolved.', details)
    case 'ECONNECTION':
    case 'ESOCKET':
    case 'ETIMEDOUT':
      if (unreachable.test(originalCode) && timeoutType !== 'SOCKET_TIMEOUT')
        return failed('connect_failed', 'No connection to the SMTP server could be made.', details)
      return failed(
        'connection_lost',
        'The connection to the SMTP server broke before the message was taken.',
        details,
      )
    case 'EPROTOCOL':
      return failed('invalid_response', 'The SMTP server answered what is not SMTP.', details)
    case 'EAUTH':
      return failedForGood('smtp_refused', 'The SMTP server offers no login that Sheaf knows.', details)
    case 'EMESSAGE':
      return failedForGood('smtp_refused', 'The message is larger than the SMTP server takes.', details)
    case 'EENVELOPE':
      return failedForGood('smtp_refused', 'The message has an address that cannot be used.', details)
    default:
      return undefined
  }
}
