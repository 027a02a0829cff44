import { type FieldError, unexpected } from '../../job/explain.ts'
import type { Egress } from '../egress/egress.ts'
import type { HttpInput } from './input.ts'
import { originOf } from './origin.ts'

/**
 * The connection is ours to manage: these would contradict what is sent, or let a request smuggle in another
 * (RFC 9110, section 7.6.1, and RFC 9112, section 11.2).
 */
const forbidden = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const none: readonly FieldError[] = []

/** What is wrong with the task at the path `at`, beyond its schema. */
export const checkHttp = (
  input: HttpInput,
  at: string,
  egress: Pick<Egress, 'refusal'>,
): readonly FieldError[] => {
  const errors = [...urlErrors(input, at, egress), ...bodyErrors(input, at), ...headerErrors(input, at)]
  return errors.length === 0 ? none : errors
}

const urlErrors = (
  { url }: HttpInput,
  at: string,
  egress: Pick<Egress, 'refusal'>,
): readonly FieldError[] => {
  const origin = originOf(url)
  const field = `${at}.url`
  if ('host' in origin) {
    const refusal = egress.refusal(url)
    return refusal
      ? [{ field, message: `Expected "${field}" to lead where a request may go. ${refusal.message}` }]
      : none
  }
  if (origin.flaw === 'no http URL') {
    return [unexpected(field, 'to be an absolute http or https URL', url.replace(/\/\/[^/]*@/, '//…@'))]
  }
  const message = `Expected "${field}" without a user name or password; send an "authorization" header instead.`
  return [{ field, message }]
}

const bodyErrors = (input: HttpInput, at: string): readonly FieldError[] => {
  const { method = 'GET', json, text } = input
  if (json === undefined && text === undefined) return none
  if (json !== undefined && text !== undefined) {
    return [unexpected(`${at}.text`, 'to be left out, because "json" is the body', text)]
  }
  if (method !== 'GET' && method !== 'HEAD') return none
  return [unexpected(`${at}.method`, 'to be one that sends a body, because there is one', method)]
}

const headerErrors = ({ headers }: HttpInput, at: string): readonly FieldError[] => {
  if (!headers) return none
  return Object.keys(headers)
    .filter((name) => forbidden.has(name.toLowerCase()))
    .map((name) => ({
      field: `${at}.headers`,
      message: `Expected "${at}.headers" without "${name}", which follows from the URL and the body.`,
    }))
}
