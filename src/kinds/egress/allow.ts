import ipaddr from 'ipaddr.js'
import { show } from '../../job/errors.ts'
import { type Address, readAddress } from './address.ts'

/** What may be reached although it is not public; undefined `port` stands for every port. */
export type AllowEntry =
  | { type: 'name'; name: string; port: number | undefined }
  /** Every name that ends in `suffix`, which begins with a dot. */
  | { type: 'pattern'; suffix: string; port: number | undefined }
  | { type: 'range'; base: Address; bits: number; port: number | undefined }

export type Allow = readonly AllowEntry[]

/**
 * `127.0.0.1:8080,10.0.0.0/8,[fd00::]:443,localhost,*.svc.local`: addresses, ranges, host names and patterns of host
 * names, each with a port or for all. Undefined when {@link allowFlaw} finds something.
 */
export const parseAllow = (text: string): Allow | undefined => {
  const entries: AllowEntry[] = []
  for (const part of partsOf(text)) {
    const entry = readEntry(part)
    if (typeof entry === 'string') return undefined
    entries.push(entry)
  }
  return entries
}

/** What is wrong with the first entry that cannot be read; undefined if there is none. */
export const allowFlaw = (text: string): string | undefined => {
  for (const part of partsOf(text)) {
    const flaw = readEntry(part)
    if (typeof flaw === 'string') return `${show(part)} (${flaw})`
  }
  return undefined
}

const partsOf = (text: string) => (text.trim() === '' ? [] : text.split(',').map((part) => part.trim()))

/** The entry, or what is wrong with it. */
const readEntry = (text: string): AllowEntry | string => {
  if (text === '') return 'an empty entry'
  if (text.includes('//')) return 'leave out the scheme and the path'
  const { host, port: digits } = splitPort(text)
  const port = digits === undefined ? undefined : Number(digits)
  if (digits !== undefined && (!/^\d{1,5}$/.test(digits) || Number(digits) < 1 || Number(digits) > 65_535)) {
    return 'a port is a number from 1 to 65535'
  }
  if (host.includes('/')) return readRange(host, port)
  if (host.includes(':')) return readSingle(host, port)
  return readName(host, port)
}

/** An IPv6 address with a port stands in brackets, with its prefix length if it has one; without a port it need not. */
const splitPort = (text: string): { host: string; port: string | undefined } => {
  const bracketed = /^\[([^[\]]*)\](?::(.*))?$/.exec(text)
  if (bracketed) return { host: bracketed[1] ?? '', port: bracketed[2] }
  const colon = text.indexOf(':')
  if (colon < 0 || text.includes(':', colon + 1)) return { host: text, port: undefined }
  return { host: text.slice(0, colon), port: text.slice(colon + 1) }
}

const readSingle = (host: string, port: number | undefined): AllowEntry | string => {
  const base = readPlain(host)
  return base ? { type: 'range', base, bits: widthOf(base), port } : 'not an address'
}

const readRange = (host: string, port: number | undefined): AllowEntry | string => {
  const [, start = '', digits = ''] = /^([^/]*)\/(\d{1,3})$/.exec(host) ?? []
  const written = readPlain(start)
  if (!written) return 'a range is an address, "/" and a number of bits'
  // ::ffff:10.0.0.0/104 is 10.0.0.0/8.
  const least = start.includes(':') && written.kind() === 'ipv4' ? 96 : 0
  const bits = Number(digits) - least
  if (bits < 0 || bits > widthOf(written)) {
    return `a range of such an address has ${least} to ${least + widthOf(written)} bits`
  }
  const first = firstOf(written, bits)
  if (String(first) !== String(written)) return `this range begins at ${first}`
  return { type: 'range', base: written, bits, port }
}

const readName = (host: string, port: number | undefined): AllowEntry | string => {
  const address = readPlain(host)
  if (address) return { type: 'range', base: address, bits: widthOf(address), port }
  const isPattern = host.startsWith('*.')
  const name = nameOf(isPattern ? host.slice(2) : host)
  if (name === undefined)
    return 'neither an address nor a host name; "*" stands only for the labels at its start'
  return isPattern ? { type: 'pattern', suffix: `.${name}`, port } : { type: 'name', name, port }
}

/** As the URL parser writes the name, which is what will be compared with; without the dot of the root. */
const nameOf = (text: string): string | undefined => {
  if (!/^[\p{L}\p{N}\p{M}._-]+$/u.test(text)) return undefined
  const name = URL.parse(`http://${text}/`)?.hostname.replace(/\.$/, '')
  // What the parser takes for an address was written in a form that hides which one.
  return name !== undefined && /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name) && !readAddress(name)
    ? name
    : undefined
}

/** An address without a zone: one that names an interface is never what a URL leads to. */
const readPlain = (text: string): Address | undefined => (/[%[\]]/.test(text) ? undefined : readAddress(text))

const widthOf = (address: Address) => (address.kind() === 'ipv4' ? 32 : 128)

const firstOf = (address: Address, bits: number): Address =>
  address.kind() === 'ipv4'
    ? ipaddr.IPv4.networkAddressFromCIDR(`${address}/${bits}`)
    : ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`)
