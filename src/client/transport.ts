/** An app that answers requests in this process, such as an Elysia instance: for tests without a port. */
export interface LocalApp {
  handle(request: Request): Response | Promise<Response>
}

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>

/** How requests reach the server. */
export interface Transport {
  /** Where every path begins: no slash at its end. */
  base: string
  fetch: Fetch
  token: string | undefined
  /** Whether there is a server to open a socket to. */
  remote: boolean
}

interface TransportOptions {
  token?: string | undefined
  fetch?: Fetch | undefined
}

/** Throws a TypeError when the target is neither an http or https URL nor an app. */
export const createTransport = (target: string | URL | LocalApp, options: TransportOptions): Transport => {
  const { token } = options
  const remote = typeof target === 'string' || target instanceof URL
  // Not another host: without tokens, Sheaf answers to this machine's names only.
  const base = remote ? baseOf(target) : 'http://localhost'
  const send: Fetch = remote
    ? (options.fetch ?? ((url, init) => globalThis.fetch(url, init)))
    : async (url, init) => target.handle(new Request(url, init))
  return {
    base,
    remote,
    token,
    fetch: token === undefined ? send : (url, init) => send(url, authorized(init, token)),
  }
}

const baseOf = (target: string | URL): string => {
  const url = URL.canParse(String(target)) ? new URL(target) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new TypeError(`Expected "url" to be an http or https URL, got ${JSON.stringify(String(target))}.`)
  return url.origin + url.pathname.replace(/\/+$/, '')
}

const authorized = (init: RequestInit | undefined, token: string): RequestInit => {
  const headers = new Headers(init?.headers)
  headers.set('authorization', `Bearer ${token}`)
  return { ...init, headers }
}
