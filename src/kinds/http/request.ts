import type { Egress, EgressInit } from '../egress/egress.ts'
import { type Followed, followRedirects, isRedirect } from '../egress/redirect.ts'
import { defaultRedirects, type HttpInput } from './input.ts'
import { payloadOf } from './payload.ts'
import { isExpected } from './status.ts'

/** Whether the response may lead to another, which the task is to follow. */
export const mayLeadOn = ({ status }: Response, { redirects = defaultRedirects }: HttpInput): boolean =>
  redirects > 0 && isRedirect(status)

export interface Redirected {
  /** What `first` answered. */
  answered: Response
  first: string
  request: EgressInit
  onRedirect: (url: URL) => void
}

/** Follows the redirects of a task. Rejects as {@link followRedirects} does. */
export const follow = (
  egress: Egress,
  input: HttpInput,
  { answered, first, request, onRedirect }: Redirected,
): Promise<Followed> => {
  const { redirects = defaultRedirects, expect } = input
  return followRedirects(egress, first, request, {
    answered,
    most: redirects,
    secret: () => secretsIn(input),
    keep: (status) => expect?.status !== undefined && isExpected(status, expect.status),
    onRedirect,
  })
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
