import ipaddr from 'ipaddr.js'

export type Address = ipaddr.IPv4 | ipaddr.IPv6

/**
 * Reads an address as a URL's host or a resolver writes it; one in brackets is read without them. Undefined for anything
 * else, and for the old ways to write IPv4 (`127.1`, `0x7f000001`, `017700000001`), which no URL or resolver yields.
 */
export const readAddress = (text: string): Address | undefined => {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare)
  return bare.includes(':') && ipaddr.IPv6.isValid(bare) ? unmapped(ipaddr.IPv6.parse(bare)) : undefined
}

/** As a URL writes it: IPv6 in brackets. */
export const hostOf = (address: Address): string =>
  address.kind() === 'ipv6' ? `[${address}]` : address.toString()

/** The same place in its plain form: a socket opened to `::ffff:127.0.0.1` is one to 127.0.0.1 (RFC 4291, 2.5.5.2). */
const unmapped = (address: ipaddr.IPv6): Address =>
  address.isIPv4MappedAddress() ? address.toIPv4Address() : address
