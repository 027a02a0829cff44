import type { HttpInput } from './input.ts'
import { dateOf, milliseconds, quotasOf } from './quota.ts'
import { fits } from './status.ts'

/** A server that answers at once and asks for no wait at all would be asked without end: the least that it is left alone for. */
const leastMs = 1_000

export interface Wait {
  ms: number
  /** Which status and header ask for it: `429 with Retry-After`. */
  why: string
}

/**
 * How long the server asks to be left alone; undefined if it does not, or with another status than 429, 503, and those that
 * the task has in `retryOn`.
 */
export const waitOf = (
  { status, headers }: Response,
  { retryOn }: Pick<HttpInput, 'retryOn'>,
  now: number,
): Wait | undefined => {
  if (!isRefusal(status) && !(retryOn?.status && fits(status, retryOn.status))) return undefined
  const after = retryAfter(headers, now)
  if (after !== undefined) return wait(after, `${status} with Retry-After`)
  const reset = resetOf(headers, now)
  return reset === undefined ? undefined : wait(reset, `${status} with a used-up rate limit`)
}

/** Whether the status says by itself that the server has too much to do. */
export const isRefusal = (status: number): boolean => status === 429 || status === 503

const wait = (ms: number, why: string): Wait => ({ ms: Math.max(leastMs, Math.ceil(ms)), why })

/** In seconds or as a date (RFC 9110, section 10.2.3); a date is measured by the server's own clock if it tells it. */
const retryAfter = (headers: Headers, now: number): number | undefined => {
  const text = headers.get('retry-after')?.trim()
  if (!text) return undefined
  const until = dateOf(text)
  return until === undefined ? milliseconds(text) : until - (dateOf(headers.get('date')) ?? now)
}

/** When a quota that is used up is there again: of several, the last. */
const resetOf = (headers: Headers, now: number): number | undefined => {
  const resets = quotasOf(headers, now).map(({ remaining, resetMs }) =>
    remaining === 0 ? resetMs : undefined,
  )
  const known = resets.filter((reset) => reset !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}
