import type { RunResult } from '../kind.ts'
import { failed, failedForGood, succeeded } from '../results.ts'
import { type Body, readBody } from './body.ts'
import { defaultMaxBytes, type HttpInput } from './input.ts'
import { isExpected, isTransient } from './status.ts'

/** How much of an unexpected response is read, so that the connection can be used again … */
const mostErrorBytes = 65_536
/** … and how much of that is shown. */
const mostErrorText = 1_024

/** Reads the response and judges it. Rejects when the connection breaks. */
export const resultOf = async (response: Response, input: HttpInput): Promise<RunResult> => {
  if (!isExpected(response.status, input.expect?.status)) return unexpectedStatus(response, input)
  const { maxBytes = defaultMaxBytes } = input
  const body = await readBody(response, maxBytes)
  if (!body.whole) {
    const message = `Expected a body of at most ${maxBytes} bytes ("maxBytes"), got more.`
    return failedForGood('response_too_large', message, { status: response.status, maxBytes })
  }
  const text = bodyText(response, body)
  if (text === undefined) {
    const message = `Expected a body of JSON, as its content-type says, got ${body.text.length} characters that are not.`
    return failedForGood('invalid_response', message, { status: response.status, body: start(body.text) })
  }
  return succeeded(
    `{"status":${response.status},"headers":${headersText(response, input.responseHeaders)},"body":${text}}`,
  )
}

const unexpectedStatus = async (response: Response, { expect }: HttpInput): Promise<RunResult> => {
  const { status } = response
  // That the rest of the body is lost says less than the status does.
  const body = await readBody(response, mostErrorBytes).catch((): Body => ({ text: '', whole: false }))
  const allowed = [expect?.status ?? '2xx'].flat().join(', ')
  const message = `Expected status ${allowed}, got ${status}.`
  const fail = isTransient(status) ? failed : failedForGood
  return fail('unexpected_status', message, { status, body: start(body.text) })
}

const isJson = /^\s*(application\/json|[^;\s]+\+json)\s*(;|$)/i

/** The body as JSON text on one line, or undefined if it claims to be JSON and is not. */
const bodyText = (response: Response, { text }: Body): string | undefined => {
  if (text === '') return 'null'
  if (!isJson.test(response.headers.get('content-type') ?? '')) return JSON.stringify(text)
  try {
    JSON.parse(text)
  } catch {
    return undefined
  }
  // As it came: written anew, it would cost more and lose digits. A line break can only stand between tokens.
  return text.replace(/[\r\n]+/g, ' ')
}

const headersText = ({ headers }: Response, names: readonly string[] = []): string => {
  const kept = new Set(['content-type', ...names.map((name) => name.toLowerCase())])
  const fields: string[] = []
  for (const name of kept) {
    const value = headers.get(name)
    if (value !== null) fields.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`)
  }
  return `{${fields.join(',')}}`
}

/** The beginning of a text, not cut in the middle of a character. */
const start = (text: string): string => text.slice(0, mostErrorText).replace(/[\ud800-\udbff]$/, '')
