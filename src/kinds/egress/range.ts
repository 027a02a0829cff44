import ipaddr from 'ipaddr.js'
import { type Address, readAddress } from './address.ts'

/** The range of an address that a request may be sent to without being allowed. */
export const open = 'public'

/**
 * `public` for global unicast, else what the address is in words: `loopback`, `private`, `link local`, `metadata`, … What
 * no registry calls global is not public: special-purpose blocks (RFC 6890, as ipaddr.js has them), and IPv6 outside of
 * 2000::/3. An IPv6 address that a translator or a tunnel turns into an IPv4 address is what that one is.
 */
export const rangeOf = (address: Address): string => {
  if (metadata.has(address.toString())) return 'metadata'
  if (address instanceof ipaddr.IPv4) return wordsOf(address.range())
  const inner = embeddedIn(address)
  if (inner) return rangeOf(inner)
  if (isIsatap(address)) return 'isatap'
  const range = address.range()
  return range === 'unicast' && !address.match(globalUnicast) ? 'reserved' : wordsOf(range)
}

/**
 * Where a cloud hands its machines their credentials. All but one are link-local or private as well; they are told apart
 * because not even a wide entry of the allow list opens them.
 */
const metadata = new Set(
  [
    '169.254.169.254', // AWS, Azure, Google, DigitalOcean, OpenStack, …
    'fd00:ec2::254', // AWS
    'fd20:ce::254', // Google
    'fe80::a9fe:a9fe', // OpenStack
    '169.254.170.2', // AWS ECS
    '169.254.170.23', // AWS EKS
    'fd00:ec2::23',
    '168.63.129.16', // Azure, and in a range that is public otherwise
    '100.100.100.200', // Alibaba
    '192.0.0.192', // Oracle
    '169.254.0.23', // Tencent
    '169.254.42.42', // Scaleway
    'fd00:42::42',
  ].map((text) => String(readAddress(text))),
)

const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')
const sixToFour = ipaddr.IPv6.parseCIDR('2002::/16')

/**
 * The IPv4 address inside, where there is only one way to read it (RFC 6052, RFC 3056). Not so in 64:ff9b:1::/48, where each
 * network decides at which bit it stands (RFC 8215), nor in Teredo: what is there is refused, whatever it holds.
 */
const embeddedIn = (address: ipaddr.IPv6): ipaddr.IPv4 | undefined => {
  if (address.match(nat64)) return new ipaddr.IPv4(address.toByteArray().slice(12))
  if (address.match(sixToFour)) return new ipaddr.IPv4(address.toByteArray().slice(2, 6))
  return undefined
}

/** An interface of the form 0:5efe:a.b.c.d or 200:5efe:a.b.c.d, under any prefix (RFC 5214, section 6.1). */
const isIsatap = ({ parts }: ipaddr.IPv6): boolean =>
  (parts[4] === 0 || parts[4] === 0x200) && parts[5] === 0x5efe

/** `carrierGradeNat` → `carrier grade nat` */
const wordsOf = (range: string): string =>
  range === 'unicast' ? open : range.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
