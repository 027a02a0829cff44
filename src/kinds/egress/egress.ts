import type { EgressRefused } from './refused.ts'
import { putLast, type Route, type RouteOptions, Routes } from './route.ts'
import { split, startOf } from './target.ts'

/** What decides where a request goes is not the caller's to set. */
export type EgressInit = Omit<BunFetchRequestInit, 'proxy' | 'redirect' | 'session' | 'unix' | 'protocol'>

export interface Egress {
  /**
   * As the global `fetch`, with these differences: it connects to an address that was vetted, and to no other; redirects
   * are not followed (see `followRedirects`); a proxy that the environment names is not used, because that would resolve
   * the name once more. `response.url` has the address in place of the name. Rejects with an `EgressRefused` before any
   * connection is made, with the resolver's error, or as `fetch` does.
   */
  fetch(url: string | URL, init?: EgressInit): Promise<Response>
  /** What `fetch` would be refused with, as far as that is known without asking a resolver. */
  refusal(url: string): EgressRefused | undefined
}

export interface EgressOptions extends RouteOptions {
  /** What connects. Default: the global `fetch`. */
  fetch?: (url: string, init: BunFetchRequestInit) => Promise<Response>
}

export const createEgress = ({ fetch = globalThis.fetch, ...options }: EgressOptions = {}): Egress => {
  const routes = new Routes(options)

  /**
   * Tries one address after the other, as long as none was reached: what was reached may have got the request. Not async: at
   * tens of thousands of requests a second, each promise in between can be measured.
   */
  const send = (start: string, route: Route, rest: string, init: EgressInit): Promise<Response> => {
    const request = pinned(route, init)
    const bases = init.body instanceof ReadableStream ? route.bases.slice(0, 1) : route.bases
    const sendFrom = (at: number, failure?: unknown): Promise<Response> => {
      const base = bases[at]
      if (base === undefined) {
        routes.forget(start)
        return Promise.reject(failure)
      }
      return fetch(base + rest, request).catch((error) => {
        // Whatever it was, even a timeout: the next attempt of the task begins elsewhere.
        putLast(route, base)
        if (!isUnreachable(error)) throw error
        return sendFrom(at + 1, error)
      })
    }
    return sendFrom(0)
  }

  const sendOnceFound = async (url: string, init: EgressInit): Promise<Response> => {
    const { start, rest } = split(url)
    return send(start, await unlessAborted(routes.find(start), init.signal), rest, init)
  }

  return {
    fetch: (url, init = {}) => {
      const text = String(url)
      const start = startOf(text)
      const route = routes.known(start)
      return route ? send(start, route, text.slice(start.length), init) : sendOnceFound(text, init)
    },
    refusal: (url) => routes.refusal(startOf(url)),
  }
}

const pinned = ({ authority, serverName }: Route, init: EgressInit): BunFetchRequestInit => {
  const request: BunFetchRequestInit = {
    ...init,
    headers: withHost(init.headers, authority),
    redirect: 'manual',
    proxy: false,
  }
  // Bun keeps a connection for requests of the same address, port and name, and checks the certificate for that name.
  if (serverName !== undefined) request.tls = { ...init.tls, serverName }
  return request
}

/** A plain object stays one, as fetch makes Headers of it anyway; a `Host` of the caller's, in any case, gives way. */
const withHost = (headers: EgressInit['headers'], host: string): NonNullable<EgressInit['headers']> => {
  if (isPlain(headers)) {
    for (const name in headers) if (name.toLowerCase() === 'host') return withHost(new Headers(headers), host)
    return { ...headers, host }
  }
  const all = new Headers(headers)
  all.set('host', host)
  return all
}

const isPlain = (headers: EgressInit['headers']): headers is Record<string, string> =>
  headers !== undefined && Object.getPrototypeOf(headers) === Object.prototype

const isUnreachable = (error: unknown): boolean =>
  error instanceof Error && unreachable.has(String(Reflect.get(error, 'code')))

/** Not ETIMEDOUT: that is what a connection in use can end with too. EINVAL is what Linux says of a blackhole route. */
const unreachable = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'EACCES',
  'EPERM',
  'EINVAL',
])

/** The resolver cannot be called off, but who waits for it can be sent away. */
const unlessAborted = <T>(promise: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> => {
  if (!signal) return promise
  const { promise: result, resolve, reject } = Promise.withResolvers<T>()
  const stop = () => reject(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  return result
}
