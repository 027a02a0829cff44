import type { EgressInit } from '../egress/egress.ts'
import type { HttpInput } from './input.ts'

/** What `fetch` is to be called with; a body of its own makes no difference to the connection being kept. */
export const requestOf = (input: HttpInput, idempotencyKey: string, signal: AbortSignal): EgressInit => {
  const headers = new Headers(input.headers)
  if (!headers.has('idempotency-key')) headers.set('idempotency-key', idempotencyKey)
  const request: EgressInit = {
    method: input.method ?? 'GET',
    headers,
    signal,
    // The attempt has a timeout of its own, and it may well be longer than the 6 minutes of fetch.
    timeout: false,
  }
  if (input.json !== undefined) {
    if (!headers.has('content-type')) headers.set('content-type', 'application/json')
    request.body = JSON.stringify(input.json)
  } else if (input.text !== undefined) {
    if (!headers.has('content-type')) headers.set('content-type', 'text/plain;charset=utf-8')
    request.body = input.text
  }
  return request
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
