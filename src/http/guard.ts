import { Problem, show } from '../job/errors.ts'
import { isLoopback } from '../loopback.ts'
import { covers, type Scope, type Token, tokenOf } from '../tokens.ts'
import { Refusal } from './problem.ts'
import { type TicketOffice, ticketMs } from './ticket-office.ts'

type Check = (request: Request) => void

/**
 * Without tokens, whoever reaches the server may do everything, and a web page reaches this machine through its
 * user's browser. So a request must name a loopback host (against DNS rebinding) and come from no other origin.
 * Clients other than browsers send no `Origin`; an app that is called in process has no `Host`. A browser names no `Origin` either
 * when a page embeds what it cannot read, but could learn from whether it loads: there `Sec-Fetch-Site` tells (W3C Fetch Metadata).
 */
export const originGuard = (tokens: readonly Token[]): Check => {
  if (tokens.length > 0) return () => {}
  return ({ headers }) => {
    const host = headers.get('host')
    if (host !== null && !isLoopback(hostnameOf(host)))
      throw new Problem(
        'forbidden',
        `Expected "Host" to be this machine, as the server has no tokens, got ${show(host)}.`,
      )
    const origin = headers.get('origin')
    if (origin !== null && (host === null || hostOf(origin) !== hostOf(`http://${host}`)))
      throw new Problem(
        'forbidden',
        `Expected "Origin" to be the server's own, as it has no tokens, got ${show(origin)}.`,
      )
    const site = headers.get('sec-fetch-site')
    // Whoever follows a link comes from elsewhere, and sees what is here for himself.
    if (isForeign(site) && headers.get('sec-fetch-mode') !== 'navigate')
      throw new Problem(
        'forbidden',
        `Expected "Sec-Fetch-Site" to be same-origin, as the server has no tokens, got ${show(site)}.`,
      )
  }
}

/** With tokens, each request needs one whose scope covers what its method does: to read, or `toChange`. */
export const tokenGuard = (tokens: readonly Token[], toChange: Scope): Check => {
  if (tokens.length === 0) return () => {}
  return ({ headers, method }) => {
    const secret = secretOf(headers)
    if (secret === undefined)
      throw unauthorized('Expected the header "Authorization: Bearer TOKEN".', 'Bearer realm="sheaf"')
    const held = tokenOf(secret, tokens)?.scope
    if (held === undefined) throw unauthorized('The token is not one of this server.', invalidToken)
    demand(isSafe(method) ? 'read' : toChange, held)
  }
}

/**
 * Where a browser can send no header: to read, a ticket in the query will do in place of a token. One that is given must be
 * valid, also where neither is needed.
 */
export const ticketGuard = (tokens: readonly Token[], office: TicketOffice): Check => {
  const checkToken = tokenGuard(tokens, 'read')
  return (request) => {
    const ticket = new URL(request.url).searchParams.get('ticket')
    if (ticket === null) return checkToken(request)
    const held = office.redeem(ticket)
    if (held === undefined)
      throw unauthorized(
        `Expected "ticket" to be one that POST /tickets gave less than ${ticketMs / 1000} s ago, and that was not used before.`,
        invalidToken,
      )
    demand('read', held)
  }
}

/** Who makes a request that the guard has let pass; undefined where there are no tokens, and everybody is the same. */
export const holderOf = ({ headers }: Request, tokens: readonly Token[]): Token | undefined => {
  const secret = secretOf(headers)
  return secret === undefined ? undefined : tokenOf(secret, tokens)
}

const demand = (needed: Scope, held: Scope): void => {
  if (covers(held, needed)) return
  throw new Refusal('forbidden', `Expected a token with the scope "${needed}", got one with "${held}".`, {
    'www-authenticate': `Bearer realm="sheaf", error="insufficient_scope", scope="${needed}"`,
  })
}

const secretOf = (headers: Headers): string | undefined =>
  /^Bearer +(\S+) *$/i.exec(headers.get('authorization') ?? '')?.[1]

const isSafe = (method: string): boolean => method === 'GET' || method === 'HEAD' || method === 'OPTIONS'

/** RFC 6750, section 3. */
const invalidToken = 'Bearer realm="sheaf", error="invalid_token"'
const unauthorized = (detail: string, challenge: string) =>
  new Refusal('unauthorized', detail, { 'www-authenticate': challenge })

const isForeign = (site: string | null): boolean => site === 'same-site' || site === 'cross-site'

/** `[::1]:3000` → `[::1]`, `localhost:3000` → `localhost`. */
const hostnameOf = (host: string) => host.replace(/:\d*$/, '')

/** Host and port, without a port that is the default; undefined for an opaque origin such as `null`. */
const hostOf = (url: string): string | undefined => (URL.canParse(url) ? new URL(url).host : undefined)
