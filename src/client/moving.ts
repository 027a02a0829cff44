import type { Kept } from './kept.ts'
import type { Fetch } from './transport.ts'

/** More redirects in a row than these lead nowhere. */
const mostMoves = 5

const redirects = [301, 302, 307, 308]

/** What is answered where Sheaf no longer is, or cannot be reached for now. */
const absences = [410, 421, 502, 503, 504]

/**
 * Sends requests to where the server is. A redirect of a path to the same path elsewhere says where that is now: the request
 * is sent there, with its method and its body, and all that follow, until nobody answers there any more. Then the base is asked for
 * again. A token does not go to another origin, as with `fetch`; such a redirect is the answer.
 */
export const moving =
  (send: Fetch, base: Kept<string>): Fetch =>
  async (path, init) => {
    for (let moves = 0; ; moves += 1) {
      const at = await base.get()
      const response = await reached(send, base, at, path, init)
      const probe = (other: string) => send(at + other, init?.signal ? { signal: init.signal } : {})
      const to = moves < mostMoves ? await movedTo(response, at, path, probe) : undefined
      if (to === undefined) return response
      if (hasToken(init) && new URL(to).origin !== new URL(at).origin) return response
      base.put(to)
    }
  }

const reached = async (send: Fetch, base: Kept<string>, at: string, path: string, init?: RequestInit) => {
  try {
    const response = await send(at + path, { ...init, redirect: 'manual' })
    if (absences.includes(response.status)) base.drop(at)
    return response
  } catch (error) {
    if (!init?.signal?.aborted) base.drop(at)
    throw error
  }
}

const movedTo = async (
  response: Response,
  at: string,
  path: string,
  probe: (path: string) => Promise<Response>,
) => {
  // A browser does not show where a redirect leads, but goes there.
  if (response.type === 'opaqueredirect') return within((await probe('/livez')).url, '/livez')
  const location = redirects.includes(response.status) ? response.headers.get('location') : null
  return location === null ? undefined : within(new URL(location, at + path).href, path)
}

/** The base of a URL that ends in this path. */
const within = (url: string, path: string) => (url.endsWith(path) ? url.slice(0, -path.length) : undefined)

const hasToken = (init: RequestInit | undefined) => new Headers(init?.headers).has('authorization')
