import { readBody } from '../http/body.ts'
import type { Egress, EgressInit } from './egress.ts'

export interface RedirectOptions {
  /** How many redirects are followed, at most. Default 10. */
  most?: number
  /** Names of headers that only the origin of the first URL may see, beside those that are credentials by their name. */
  secret?: () => readonly string[]
  /** Whether a redirect of that status is what the caller wants to see. Default: none is. */
  keep?: (status: number) => boolean
  /** The response to the first request, if that was sent already. */
  answered?: Response
  /** Called with each URL that is asked for, but the first. */
  onRedirect?: (url: URL) => void
}

export interface Followed {
  response: Response
  /** Where the response came from. */
  url: string
}

/** A redirect that leads nowhere that the request could be sent to. Another attempt would end here as well. */
export class RedirectFailed extends Error {
  override readonly name = 'RedirectFailed'
  readonly code = 'redirect_failed'
}

/**
 * Sends a request and follows its redirects as the fetch standard has it (https://fetch.spec.whatwg.org/#http-redirect-fetch);
 * each goes through the guard like the first one. It differs in one thing: a redirect from https to http is refused, since
 * what was to be sent encrypted would travel, its query and body included, for all to read.
 */
export const followRedirects = async (
  { fetch }: Pick<Egress, 'fetch'>,
  first: string | URL,
  init: EgressInit = {},
  { most = 10, secret = () => [], keep = () => false, answered, onRedirect }: RedirectOptions = {},
): Promise<Followed> => {
  let url = String(first)
  let request = init
  for (let count = 0; ; count += 1) {
    const response = count === 0 && answered ? answered : await fetch(url, request)
    const leads = isRedirect(response.status) && !keep(response.status)
    const location = leads ? response.headers.get('location') : null
    if (location === null) return { response, url }
    // Read, so that the connection can be used again; a longer body is cut off with its connection.
    await readBody(response, mostIgnored)
    const here = new URL(url)
    if (count === most) {
      throw new RedirectFailed(`Expected at most ${most} redirects, got one more from ${here.host}.`)
    }
    const next = nextUrl(here, location)
    request = nextRequest(
      request,
      response.status,
      next.origin === here.origin ? [] : [...credentials, ...secret()],
    )
    url = next.href
    onRedirect?.(next)
  }
}

export const isRedirect = (status: number): boolean => redirects.has(status)

const redirects = new Set([301, 302, 303, 307, 308])
const credentials = ['authorization', 'proxy-authorization', 'cookie']
const ofTheBody = [
  'content-encoding',
  'content-language',
  'content-location',
  'content-type',
  'content-length',
]
const mostIgnored = 65_536

const nextUrl = (url: URL, location: string): URL => {
  const next = URL.parse(location, url)
  if (!next) throw new RedirectFailed(`Expected the redirect of ${url.host} to have a URL as its location.`)
  if (url.protocol === 'https:' && next.protocol === 'http:') {
    throw new RedirectFailed(
      `Expected the redirect of ${url.host} to stay on https, got one to http://${next.host}.`,
    )
  }
  return next
}

const nextRequest = (request: EgressInit, status: number, dropped: readonly string[]): EgressInit => {
  const headers = new Headers(request.headers)
  for (const name of dropped) headers.delete(name)
  if (becomesGet(status, request.method?.toUpperCase() ?? 'GET')) {
    for (const name of ofTheBody) headers.delete(name)
    const { body: _, ...rest } = request
    return { ...rest, method: 'GET', headers }
  }
  if (request.body instanceof ReadableStream) {
    throw new RedirectFailed(
      `Expected a body that can be sent twice, for a redirect with ${status}, got a stream.`,
    )
  }
  return { ...request, headers }
}

const becomesGet = (status: number, method: string): boolean =>
  status === 303
    ? method !== 'GET' && method !== 'HEAD'
    : (status === 301 || status === 302) && method === 'POST'
