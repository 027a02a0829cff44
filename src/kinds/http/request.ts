import type { Egress, EgressInit } from '../egress/egress.ts'
import { followRedirects, isRedirect } from '../egress/redirect.ts'
import { defaultRedirects, type HttpInput } from './input.ts'
import { payloadOf } from './payload.ts'
import { isExpected } from './status.ts'

export interface AskOptions {
  idempotencyKey: string
  signal: AbortSignal
  onRedirect: (url: URL) => void
}

export interface Answer {
  response: Response
  /** Where it came from, if that is elsewhere. */
  url: string | undefined
}

/** Sends the request, and follows its redirects. Rejects as {@link Egress} and {@link followRedirects} do. */
export const ask = async (
  egress: Egress,
  input: HttpInput,
  { idempotencyKey, signal, onRedirect }: AskOptions,
): Promise<Answer> => {
  const { redirects = defaultRedirects, expect } = input
  const first = urlOf(input)
  const request = requestOf(input, idempotencyKey, signal)
  const answered = await egress.fetch(first, request)
  if (redirects === 0 || !isRedirect(answered.status)) return { response: answered, url: undefined }
  const { response, url } = await followRedirects(egress, first, request, {
    answered,
    most: redirects,
    secret: () => secretsIn(input),
    keep: (status) => expect?.status !== undefined && isExpected(status, expect.status),
    onRedirect,
  })
  return { response, url: url === first ? undefined : url }
}

/** Any header may hold a secret, `x-api-key` as well as `authorization`: elsewhere go only those that say nothing of the sender. */
const secretsIn = ({ headers = {} }: HttpInput): string[] =>
  Object.keys(headers).filter((name) => !harmless.has(name.toLowerCase()))

const harmless = new Set([
  'accept',
  'accept-language',
  'cache-control',
  'content-language',
  'content-type',
  'idempotency-key',
  'prefer',
  'range',
  'user-agent',
])

/** What `fetch` is to be called with; a body of its own makes no difference to the connection being kept. */
export const requestOf = (input: HttpInput, idempotencyKey: string, signal: AbortSignal): EgressInit => {
  // A plain object: fetch makes Headers of it once, and making them here as well would cost 1 µs more.
  const headers: Record<string, string> = { ...input.headers }
  if (!names(headers, 'idempotency-key')) headers['idempotency-key'] = idempotencyKey
  const request: EgressInit = {
    method: input.method ?? 'GET',
    headers,
    signal,
    // The attempt has a timeout of its own, and it may well be longer than the 6 minutes of fetch.
    timeout: false,
  }
  const payload = payloadOf(input)
  if (payload) {
    if (!names(headers, 'content-type')) headers['content-type'] = payload.type
    request.body = payload.body
  }
  return request
}

/** Whether a header of that name, which is in lower case, is among them. */
const names = (headers: Record<string, string>, name: string): boolean => {
  for (const own in headers) if (own.toLowerCase() === name) return true
  return false
}

/** The URL with the task's query added to its own, which stays as it was written. */
export const urlOf = ({ url, query }: HttpInput): string => {
  if (!query) return url
  const added = new URLSearchParams(
    Object.entries(query).map(([name, value]) => [name, String(value)]),
  ).toString()
  if (added === '') return url
  const hash = url.indexOf('#')
  const base = hash === -1 ? url : url.slice(0, hash)
  const glue = base.includes('?') ? (/[?&]$/.test(base) ? '' : '&') : '?'
  return base + glue + added
}
