import { type FieldError, unexpected } from '../../job/explain.ts'
import type { Egress } from '../egress/egress.ts'
import { type HttpInput, mostBytes } from './input.ts'
import { originOf } from './origin.ts'
import { patternFlaw } from './pattern.ts'
import { formType, payloads } from './payload.ts'

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
  canSave: boolean,
): readonly FieldError[] =>
  joined(
    urlErrors(input, at, egress),
    bodyErrors(input, at),
    headerErrors(input, at),
    patternErrors(input, at),
    saveErrors(input, at, canSave),
  )

/** Mostly there are none, and then nothing is made. */
const joined = (...all: (readonly FieldError[])[]): readonly FieldError[] => {
  for (const errors of all) if (errors.length > 0) return all.flat()
  return none
}

/** What is wrong with where a request would go. */
export const urlErrors = (
  { url }: Pick<HttpInput, 'url'>,
  at: string,
  egress: Pick<Egress, 'refusal'>,
): readonly FieldError[] => {
  const origin = originOf(url)
  if ('flaw' in origin) return [flawError(origin.flaw, `${at}.url`, url)]
  const refusal = egress.refusal(url)
  if (refusal === undefined) return none
  const message = `Expected "${at}.url" to lead where a request may go. ${refusal.message}`
  return [{ field: `${at}.url`, message }]
}

const flawError = (flaw: 'no http URL' | 'credentials', field: string, url: string): FieldError => {
  if (flaw === 'no http URL')
    return unexpected(field, 'to be an absolute http or https URL', url.replace(/\/\/[^/]*@/, '//…@'))
  const message = `Expected "${field}" without a user name or password; send an "authorization" header instead.`
  return { field, message }
}

const bodyErrors = (input: HttpInput, at: string): readonly FieldError[] => {
  const { method = 'GET', json, text, form, base64, headers } = input
  if (json === undefined && text === undefined && form === undefined && base64 === undefined) return none
  const [first, second] = payloads.filter((name) => input[name] !== undefined)
  if (second !== undefined) {
    return [unexpected(`${at}.${second}`, `to be left out, because "${first}" is the body`, input[second])]
  }
  if (method === 'GET' || method === 'HEAD') {
    return [unexpected(`${at}.method`, 'to be one that sends a body, because there is one', method)]
  }
  if (base64 !== undefined && base64.length % 4 !== 0) {
    return [
      unexpected(`${at}.base64`, 'to have a multiple of 4 characters, with "=" at its end', base64.length),
    ]
  }
  const type = form && new Headers(headers).get('content-type')
  if (!type || isForm.test(type)) return none
  return [unexpected(`${at}.headers`, `to have no other content-type than ${formType} with "form"`, type)]
}

const isForm = new RegExp(`^${RegExp.escape(formType)}\\s*(;|$)`, 'i')

const patternErrors = ({ expect }: HttpInput, at: string): readonly FieldError[] => {
  if (expect?.bodyMatches === undefined) return none
  const flaw = patternFlaw(expect.bodyMatches)
  if (flaw === undefined) return none
  return [unexpected(`${at}.expect.bodyMatches`, `to be a regular expression ${flaw}`, expect.bodyMatches)]
}

const saveErrors = (
  { save = false, maxBytes = 0, expect, parse }: HttpInput,
  at: string,
  canSave: boolean,
): readonly FieldError[] => {
  if (!save) {
    return maxBytes <= mostBytes
      ? none
      : [unexpected(`${at}.maxBytes`, `of at most ${mostBytes}, unless the body is saved`, maxBytes)]
  }
  if (!canSave) return [unexpected(`${at}.save`, 'to be left out, because this server saves nothing', save)]
  if (expect?.bodyMatches !== undefined)
    return [
      unexpected(`${at}.expect.bodyMatches`, 'to be left out, because the body is saved', expect.bodyMatches),
    ]
  return parse === undefined
    ? none
    : [unexpected(`${at}.parse`, 'to be left out, because the body is saved', parse)]
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
