import type { Clock } from '../../clock.ts'
import type { RunResult } from '../kind.ts'
import { failed, failedForGood, succeeded } from '../results.ts'
import type { Saved } from './artifacts.ts'
import { type Body, readBody, textOf } from './body.ts'
import { contentTypeOf } from './content-type.ts'
import { defaultMaxBytes, defaultMaxWaitMs, defaultSavedBytes, type HttpInput } from './input.ts'
import { parsed } from './parse.ts'
import { isFound } from './pattern.ts'
import { isExpected, isTransient } from './status.ts'
import { waitOf } from './wait.ts'

/** How much of a response that nobody wants is read, so that the connection can be used again … */
const mostIgnoredBytes = 65_536
/** … and how much of an unexpected one is shown. */
const mostErrorText = 1_024

/** What the response is an answer to. */
export interface Asked {
  input: HttpInput
  /** How long the task was left waiting before, in all. */
  waitedMs: number
  clock: Pick<Clock, 'now'>
  /** Where redirects led to. */
  url: string | undefined
}

/** Keeps a body; undefined when it has more than `most` bytes. */
export type Save = (body: ReadableStream<Uint8Array>, most: number) => Promise<Saved | undefined>

/** Whether the body is to be saved rather than read. */
export const isToSave = ({ status }: Response, { save = false, expect }: HttpInput): boolean =>
  save && isExpected(status, expect?.status)

/** Saves the body. Rejects when the connection breaks, and as `save` does. */
export const savedResultOf = async (response: Response, asked: Asked, save: Save): Promise<RunResult> => {
  const { maxBytes = defaultSavedBytes } = asked.input
  const saved = await save(response.body ?? new Blob().stream(), maxBytes)
  if (!saved) return tooLarge(response.status, maxBytes)
  const { bytes, sha256 } = saved
  const type = contentTypeOf(response).text ?? 'application/octet-stream'
  return outputOf(response, asked, 'artifact', JSON.stringify({ bytes, type, sha256 }))
}

/** Reads as much of the body as the result is made of. Rejects when the connection breaks, if that matters. */
export const bodyFor = (response: Response, input: HttpInput): Promise<Body> => {
  if (!isExpected(response.status, input.expect?.status))
    // That the rest of the body is lost says less than the status does.
    return readBody(response, mostIgnoredBytes).catch(() => '')
  return readBody(response, isWanted(input) ? (input.maxBytes ?? defaultMaxBytes) : mostIgnoredBytes)
}

const isWanted = ({ parse, expect }: HttpInput): boolean =>
  parse !== 'none' || expect?.bodyMatches !== undefined

/** Judges a response with the body that was read. */
export const resultOf = (response: Response, body: Body, asked: Asked): RunResult => {
  const { input } = asked
  const { status } = response
  const { maxBytes = defaultMaxBytes, expect } = input
  if (!isExpected(status, expect?.status)) return unexpectedStatus(response, textOf(body), asked)
  if (isWanted(input) && typeof body !== 'string') return tooLarge(status, maxBytes)
  const text = textOf(body)
  if (expect?.bodyMatches !== undefined && !isFound(expect.bodyMatches, text))
    return unexpectedBody(response, text, expect.bodyMatches, input)
  const json = parsed(text, contentTypeOf(response).isJson, input.parse)
  if (json === undefined) {
    const why = input.parse === 'json' ? '' : ', as its content-type says'
    const message = `Expected a body of JSON${why}, got ${text.length} characters that are not.`
    return failedForGood('invalid_response', message, { status, body: start(text) })
  }
  return outputOf(response, asked, 'body', json)
}

const outputOf = (response: Response, { input, url }: Asked, name: string, text: string): RunResult => {
  const headers = headersText(response, input.responseHeaders)
  const where = url === undefined ? '' : `,"url":${JSON.stringify(url)}`
  return succeeded(`{"status":${response.status},"headers":${headers},"${name}":${text}${where}}`)
}

const tooLarge = (status: number, maxBytes: number): RunResult => {
  const message = `Expected a body of at most ${maxBytes} bytes ("maxBytes"), got more.`
  return failedForGood('response_too_large', message, { status, maxBytes })
}

const unexpectedStatus = (response: Response, body: string, asked: Asked): RunResult => {
  const { input, waitedMs, clock } = asked
  const { maxWaitMs = defaultMaxWaitMs, expect, retryOn } = input
  const { status } = response
  const allowed = [expect?.status ?? '2xx'].flat().join(', ')
  const message = `Expected status ${allowed}, got ${status}.`
  const details = { status, body: start(body) }
  if (!isTransient(status, retryOn?.status)) return failedForGood('unexpected_status', message, details)
  const waitMs = maxWaitMs === 0 ? undefined : waitOf(response, input, clock.now())?.ms
  if (waitMs === undefined) return failed('unexpected_status', message, details)
  if (waitedMs + waitMs <= maxWaitMs) return { type: 'snoozed', delayMs: waitMs }
  return failedForGood(
    'unexpected_status',
    `${message} The server asks to be left alone for ${waitMs} ms, after ${waitedMs} ms before, and "maxWaitMs" is ${maxWaitMs}.`,
    { ...details, waitMs, waitedMs },
  )
}

const unexpectedBody = (
  { status }: Response,
  body: string,
  pattern: string,
  { retryOn }: HttpInput,
): RunResult => {
  const fail = retryOn?.body ? failed : failedForGood
  const message = `Expected a body in which ${JSON.stringify(pattern)} is found, got one of ${body.length} characters.`
  return fail('unexpected_body', message, { status, body: start(body) })
}

const headersText = (response: Response, names: readonly string[] = []): string => {
  const { field } = contentTypeOf(response)
  if (names.length === 0) return `{${field}}`
  const others = new Set(names.map((name) => name.toLowerCase()))
  others.delete('content-type')
  const fields = field === '' ? [] : [field]
  for (const name of others) {
    const value = response.headers.get(name)
    if (value !== null) fields.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`)
  }
  return `{${fields.join(',')}}`
}

/** The beginning of a text, not cut in the middle of a character. */
const start = (text: string): string => text.slice(0, mostErrorText).replace(/[\ud800-\udbff]$/, '')
