import type { Kept } from './kept.ts'
import type { Fetch } from './transport.ts'

/** The secret of one of the server's tokens, or a function that is asked for it. */
export type Token = string | (() => string | Promise<string>)

/** Sends the token along. When the server does not take it, one that is new is tried, once: nothing was done so far. */
export const authorizing =
  (send: Fetch, token: Kept<string>): Fetch =>
  async (path, init) => {
    const first = await token.get()
    const response = await send(path, withToken(init, first))
    // A stream has been read, and cannot be sent again.
    if (response.status !== 401 || init?.body instanceof ReadableStream) return response
    token.drop(first)
    const next = await token.get()
    if (next === first) return response
    await response.body?.cancel()
    return send(path, withToken(init, next))
  }

const withToken = (init: RequestInit | undefined, token: string): RequestInit => {
  const headers = new Headers(init?.headers)
  headers.set('authorization', `Bearer ${token}`)
  return { ...init, headers }
}
