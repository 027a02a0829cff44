import type { HttpInput } from './input.ts'
import { fits } from './status.ts'

/** A server that answers at once and asks for no wait at all would be asked without end: the least that it is left alone for. */
const leastMs = 1_000

/**
 * How long the server asks to be left alone, in milliseconds; undefined if it does not, or with another status than 429,
 * 503, and those that the task has in `retryOn`.
 */
export const waitOf = (
  { status, headers }: Response,
  { retryOn }: HttpInput,
  now: number,
): number | undefined => {
  if (status !== 429 && status !== 503 && !(retryOn?.status && fits(status, retryOn.status))) return undefined
  const wait = retryAfter(headers, now) ?? reset(headers, now)
  return wait === undefined ? undefined : Math.max(leastMs, Math.ceil(wait))
}

/** In seconds or as a date (RFC 9110, section 10.2.3); a date is measured by the server's own clock if it tells it. */
const retryAfter = (headers: Headers, now: number): number | undefined => {
  const text = headers.get('retry-after')?.trim()
  if (!text) return undefined
  if (seconds.test(text)) return Number(text) * 1_000
  const until = dateOf(text)
  return until === undefined ? undefined : until - (dateOf(headers.get('date')) ?? now)
}

/**
 * When a budget that is used up is filled again: `RateLimit` with `r` and `t`, or its older form in two headers
 * (draft-ietf-httpapi-ratelimit-headers, 10 and 06), or what GitHub and others had before, with `X-` and the time since 1970.
 */
const reset = (headers: Headers, now: number): number | undefined => {
  const limit = headers.get('ratelimit') ?? ''
  const after = /;\s*r=0\s*(?:;|,|$)/.test(limit) ? /;\s*t=(\d{1,10})/.exec(limit)?.[1] : undefined
  if (after !== undefined) return Number(after) * 1_000
  for (const prefix of ['ratelimit', 'x-ratelimit']) {
    const text = headers.get(`${prefix}-reset`)?.trim()
    if (!text || headers.get(`${prefix}-remaining`)?.trim() !== '0' || !seconds.test(text)) continue
    const value = Number(text)
    if (value < firstTime) return value * 1_000
    return (value < firstTime * 1_000 ? value * 1_000 : value) - (dateOf(headers.get('date')) ?? now)
  }
  return undefined
}

const seconds = /^\d{1,15}(\.\d{1,9})?$/

/** 2001, in seconds: what is less is a duration, and what is a thousand times as much is in milliseconds. */
const firstTime = 1_000_000_000

const dateOf = (text: string | null): number | undefined => {
  // The oldest of the three forms names no zone, and means GMT like the others (RFC 9110, section 5.6.7).
  const time = text && /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text.replace(/( GMT)?$/, ' GMT')) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}
