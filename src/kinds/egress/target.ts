import { show } from '../../job/errors.ts'
import { type Address, readAddress } from './address.ts'
import { EgressRefused } from './refused.ts'

/** Where a URL leads, before anything is resolved. */
export interface Target {
  secure: boolean
  /** What the request says it is for: the host in lower case and punycode, with its port unless that is the default. */
  authority: string
  /** The host name without the dot of the root. The address in brackets where the host is an IPv6 address. */
  name: string
  /** The name as a resolver is to be asked for it. */
  lookup: string
  /** Set where the host is an address, in whatever way it was written. */
  address: Address | undefined
  port: number
}

/**
 * Everything before the path. What follows it cannot change where a URL leads, for it begins with the one character that
 * ends the host in every parser. White space and control characters could, because some are dropped wherever they stand.
 */
const beforePath = /^https?:\/\/[^/?#\\\s\p{Cc}]+(?=\/|$)/iu

/** Of the URL before: that of the next is mostly the same, and this takes a fifth of the time that it takes to look for its end. */
let latest = ''

/** What comes before the path, as it is written; empty where only a parser can say. */
export const startOf = (url: string): string => {
  if (latest !== '' && url.startsWith(latest) && url[latest.length] === '/') return latest
  const start = beforePath.exec(url)?.[0] ?? ''
  latest = start
  return start
}

/** A URL in two parts, cut before the path. Throws {@link EgressRefused} if it is no http URL. */
export const split = (url: string): { start: string; rest: string } => {
  const parsed = startOf(url) === '' ? URL.parse(url) : undefined
  const text = parsed?.href ?? url
  const start = startOf(text)
  if (start === '') throw noHttp(parsed)
  return { start, rest: text.slice(start.length) }
}

/** Reads the first part. Throws {@link EgressRefused} for what can be no one's address. */
export const readTarget = (start: string): Target => {
  const url = URL.parse(start)
  if (!url) throw new EgressRefused(`Expected an absolute http or https URL, got one with an invalid host.`)
  const { host: authority, hostname, protocol } = url
  if (url.username !== '' || url.password !== '') {
    throw new EgressRefused(`Expected a URL of ${authority} without a user name or password.`, {
      host: authority,
    })
  }
  const secure = protocol === 'https:'
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port)
  if (port === 0)
    throw new EgressRefused(`Expected a port of ${hostname} from 1 on, got 0.`, { host: authority })
  const name = hostname.replace(/\.$/, '')
  const address = readAddress(hostname)
  if (!address && !hostName.test(name)) {
    throw new EgressRefused(`Expected a host name or an address, got ${show(hostname)}.`, { host: authority })
  }
  return { secure, authority, name, lookup: hostname, address, port }
}

/** Labels of letters, digits, "-" and the "_" that some real names have, none of them empty. */
const hostName = /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/

const noHttp = (url: URL | null | undefined) =>
  new EgressRefused(
    `Expected an absolute http or https URL, got ${url ? `one of the scheme ${show(url.protocol)}` : 'none'}.`,
  )
