import { limits } from '../../job/limits.ts'
import type { UpstreamNews } from '../kind.ts'

/** What a response says of one quota of its server: how much it allows, in what time, how much is left, until when. */
export type ToldQuota = NonNullable<UpstreamNews['quota']>

const none: readonly ToldQuota[] = []

/** Whether any of the headers is there that {@link quotasOf} reads first. */
export const tellsQuota = (headers: Headers): boolean =>
  headers.has('ratelimit-policy') ||
  headers.has('ratelimit') ||
  headers.has('ratelimit-remaining') ||
  headers.has('ratelimit-limit') ||
  headers.has('x-ratelimit-remaining')

/**
 * The quotas that the headers tell; none if there are no such headers, or nothing in them can be made use of. Understood are
 *
 * - `RateLimit-Policy: "burst";q=50;w=1` with `RateLimit: "burst";r=12;t=1` (draft-ietf-httpapi-ratelimit-headers-10); counts of
 *   something else than requests are passed over;
 * - its older forms, `RateLimit-Policy: 50;w=1` with `RateLimit: limit=50, remaining=12, reset=1`, and before that
 *   `RateLimit-Limit: 50, 50;w=1` with `RateLimit-Remaining` and `RateLimit-Reset`;
 * - what GitHub and others had before, `X-RateLimit-Limit`, `-Remaining` and `-Reset`, in seconds, or as a time since 1970 in seconds
 *   or milliseconds, which is measured by the server's own clock if it tells it.
 *
 * Where a server sends several of them, the first says the most.
 */
export const quotasOf = (headers: Headers, now: number): readonly ToldQuota[] => {
  const policy = headers.get('ratelimit-policy')
  const rest = headers.get('ratelimit')
  if (policy !== null || rest !== null) return combined(membersOf(policy), membersOf(rest))
  if (headers.has('ratelimit-remaining') || headers.has('ratelimit-limit'))
    return separate(headers, 'ratelimit', now)
  return headers.has('x-ratelimit-remaining') ? separate(headers, 'x-ratelimit', now) : none
}

/** What is left of a quota, and the name or the limit by which its policy is found. */
interface Rest {
  name: string | undefined
  limit: number | undefined
  remaining: number | undefined
  resetMs: number | undefined
}

interface Policy {
  name: string
  limit: number
  perMs: number | undefined
}

const combined = (policies: readonly Member[], rests: readonly Member[]): readonly ToldQuota[] => {
  const isOlder = rests.some(({ item }) => item.includes('='))
  return together(policies.flatMap(policyOf), isOlder ? [olderRest(rests)] : rests.map(restOf))
}

const separate = (headers: Headers, prefix: string, now: number): readonly ToldQuota[] => {
  const [inForce, ...policies] = membersOf(headers.get(`${prefix}-limit`))
  const rest: Rest = {
    name: undefined,
    limit: inForce && count(inForce.item),
    remaining: count(headers.get(`${prefix}-remaining`)),
    resetMs: resetMs(headers, prefix, now),
  }
  const all = policies.length === 0 && inForce ? [inForce] : policies
  return together(
    all.flatMap(policyOf).filter(({ perMs }) => perMs !== undefined),
    [rest],
  )
}

/** Finds the policy of each rest: by its name, by its limit, or because there is but one of each. */
const together = (policies: readonly Policy[], rests: readonly Rest[]): readonly ToldQuota[] => {
  const isOnly = policies.length === 1 && rests.length === 1
  const belongs = (policy: Policy, rest: Rest) =>
    isOnly || (rest.name === undefined ? policy.limit === rest.limit : policy.name === rest.name)
  const alone = rests.filter((rest) => !policies.some((policy) => belongs(policy, rest)))
  const told = policies.map((policy): ToldQuota => {
    const { limit, perMs } = policy
    const { remaining, resetMs } = rests.find((rest) => belongs(policy, rest)) ?? {}
    return { limit, perMs, remaining, resetMs }
  })
  for (const { limit, remaining, resetMs } of alone)
    told.push({ limit, perMs: undefined, remaining, resetMs })
  return told.filter(isUseful)
}

const isUseful = ({ limit, perMs, remaining, resetMs }: ToldQuota) =>
  (limit !== undefined && perMs !== undefined) || (remaining !== undefined && resetMs !== undefined)

/** `"name";q=50;w=1`, or before that `50;w=1`. */
const policyOf = ({ item, parameters }: Member): Policy[] => {
  if ((parameters.get('qu') ?? 'requests') !== 'requests') return []
  const limit = count(parameters.get('q') ?? item)
  const perMs = milliseconds(parameters.get('w'))
  const isWindow = perMs === undefined || (perMs > 0 && perMs <= limits.longestMs)
  return limit === undefined || !isWindow ? [] : [{ name: item, limit, perMs }]
}

/** `"name";r=12;t=1` */
const restOf = ({ item, parameters }: Member): Rest => ({
  name: item,
  limit: undefined,
  remaining: count(parameters.get('r')),
  resetMs: milliseconds(parameters.get('t')),
})

/** `limit=50, remaining=12, reset=1` */
const olderRest = (members: readonly Member[]): Rest => {
  const fields = new Map(members.map(({ item }) => pair(item)))
  return {
    name: undefined,
    limit: count(fields.get('limit')),
    remaining: count(fields.get('remaining')),
    resetMs: milliseconds(fields.get('reset')),
  }
}

const resetMs = (headers: Headers, prefix: string, now: number): number | undefined => {
  const value = milliseconds(headers.get(`${prefix}-reset`))
  if (value === undefined || value < firstTime) return value
  const time = value < firstTime * 1_000 ? value : value / 1_000
  return Math.max(0, Math.ceil(time - sentAt(headers, now)))
}

/** `Date` is cut to whole seconds, and a server may keep it for one: so near to it, our own clock says it better. */
const staleMs = 2_000

/** When the answer was sent, by the clock of the server if that is another one. */
const sentAt = (headers: Headers, now: number): number => {
  const told = dateOf(headers.get('date'))
  return told === undefined || (told <= now && now < told + staleMs) ? now : told
}

/** 2001, in milliseconds: what is less is a duration, and what is a thousand times as much was in milliseconds already. */
const firstTime = 1_000_000_000_000

/** A date of HTTP, in milliseconds since 1970. */
export const dateOf = (text: string | null): number | undefined => {
  // The oldest of the three forms names no zone, and means GMT like the others (RFC 9110, section 5.6.7).
  const time = text && /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text.replace(/( GMT)?$/, ' GMT')) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

/** A number of seconds, which may have decimals, in milliseconds. */
export const milliseconds = (text: string | null | undefined): number | undefined =>
  text && /^\d{1,15}(\.\d{1,9})?$/.test(text.trim()) ? Math.ceil(Number(text) * 1_000) : undefined

const count = (text: string | null | undefined): number | undefined =>
  text && /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined

/** One of a list of structured fields (RFC 9651): `"name";q=50;w=1`. */
interface Member {
  /** Without its quotes. */
  item: string
  parameters: ReadonlyMap<string, string>
}

/** No server that means it writes more. */
const longest = 2_000

const membersOf = (text: string | null): readonly Member[] => {
  if (text === null || text.length > longest) return []
  return split(text, ',').map((member) => {
    const [item = '', ...parameters] = split(member, ';')
    return { item: unquoted(item), parameters: new Map(parameters.map(pair)) }
  })
}

const pair = (text: string): [name: string, value: string] => {
  const at = text.indexOf('=')
  return at < 0
    ? [text.toLowerCase(), '']
    : [text.slice(0, at).trim().toLowerCase(), unquoted(text.slice(at + 1).trim())]
}

/** Splits where the separator stands outside of quotes; an empty part is left out. */
const split = (text: string, separator: string): string[] => {
  const parts: string[] = []
  let from = 0
  let isQuoted = false
  for (let at = 0; at <= text.length; at += 1) {
    const character = text[at]
    if (character === '"') isQuoted = !isQuoted
    else if (character === '\\' && isQuoted) at += 1
    if (at < text.length && (isQuoted || character !== separator)) continue
    const part = text.slice(from, at).trim()
    if (part !== '') parts.push(part)
    from = at + 1
  }
  return parts
}

const unquoted = (text: string): string =>
  text.length > 1 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replace(/\\(.)/g, '$1')
    : text
