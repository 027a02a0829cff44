import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { readAddress } from '../../../src/kinds/egress/address.ts'
import { open, rangeOf } from '../../../src/kinds/egress/range.ts'
import { readTarget } from '../../../src/kinds/egress/target.ts'

const rangeOfText = (text: string): string => {
  const address = readAddress(text)
  if (!address) throw new Error(`Not an address: ${text}`)
  return rangeOf(address)
}

/** How the guard sees the host of a URL. */
const rangeOfHost = (host: string): string | undefined => {
  const { address } = readTarget(`http://${host}`)
  return address && rangeOf(address)
}

/**
 * What IANA's registry of special-purpose addresses has, global anycast services included, and multicast:
 * https://www.iana.org/assignments/iana-ipv4-special-registry
 */
const special = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '168.63.129.16/32',
]

const dotted = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
const numberOf = (text: string) => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

const blocks = special.map((cidr) => {
  const [start = '', bits] = cidr.split('/')
  return { first: numberOf(start), size: 2 ** (32 - Number(bits)) }
})
const isSpecial = (value: number) => blocks.some(({ first, size }) => value >= first && value < first + size)

/** Any address, but half of the time one of a special block, or beside it. */
const value = fc.oneof(
  fc.nat(2 ** 32 - 1),
  fc
    .tuple(
      fc.constantFrom(...blocks),
      fc.nat(),
      fc.constantFrom('first', 'last', 'before', 'after', 'within'),
    )
    .map(([{ first, size }, offset, where]) => {
      const at = { first: 0, last: size - 1, before: -1, after: size, within: offset % size }[where]
      return (first + at + 2 ** 32) % 2 ** 32
    }),
)

const hex16 = (value: number) => (value & 0xffff).toString(16)
const words = (value: number) => `${hex16(value >>> 16)}:${hex16(value)}`

describe('an IPv4 address', () => {
  test('is public exactly if no registry lists it', () => {
    fc.assert(
      fc.property(value, (value) => {
        expect(rangeOfText(dotted(value)) === open).toBe(!isSpecial(value))
      }),
      { numRuns: 2_000 },
    )
  })

  const digits = fc.constantFrom(
    (part: number) => String(part),
    (part: number) => `0${part.toString(8)}`,
    (part: number) => `000${part.toString(8)}`,
    (part: number) => `0x${part.toString(16)}`,
    (part: number) => `0X000${part.toString(16).toUpperCase()}`,
  )
  const lettering = fc.constantFrom(
    (text: string) => text,
    (text: string) => text.replace(/[0-9]/g, (digit) => `%3${digit}`),
    (text: string) => text.replace(/[0-9]/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    (text: string) => text.replace(/[0-9]/g, (digit) => String.fromCodePoint(0x1d7ce + Number(digit))),
    (text: string) => text.replaceAll('.', '。'),
    (text: string) => text.replaceAll('.', '%2E'),
    (text: string) => `${text}.`,
    (text: string) => `${text.slice(0, 2)}\t\n${text.slice(2)}`,
  )

  test('is what it is, however a URL writes it', () => {
    fc.assert(
      fc.property(
        value,
        fc.integer({ min: 1, max: 4 }),
        fc.array(digits, { minLength: 4, maxLength: 4 }),
        lettering,
        (value, count, digits, letter) => {
          const parts = Array.from({ length: count }, (_, at) =>
            at < count - 1 ? (value >>> (24 - 8 * at)) & 255 : value % 2 ** (8 * (5 - count)),
          )
          const text = parts.map((part, at) => digits[at]?.(part)).join('.')
          expect(rangeOfHost(letter(text))).toBe(rangeOfText(dotted(value)))
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test.each([
    ['mapped', (value: number) => `::ffff:${dotted(value)}`],
    ['mapped, in hexadecimal', (value: number) => `0:0:0:0:0:FFFF:${words(value)}`],
    ['translated by NAT64', (value: number) => `64:ff9b::${dotted(value)}`],
    ['translated by NAT64, in hexadecimal', (value: number) => `64:ff9b:0:0::${words(value)}`],
    ['tunnelled by 6to4', (value: number) => `2002:${words(value)}::1`],
    ['tunnelled by 6to4 into a subnet', (value: number) => `2002:${words(value)}:1:2:3:4:5`],
  ])('is what it is in IPv6 too: %s', (_, embed) => {
    fc.assert(
      fc.property(value, (value) => {
        expect(rangeOfText(embed(value))).toBe(rangeOfText(dotted(value)))
        expect(rangeOfHost(`[${embed(value)}]`)).toBe(rangeOfText(dotted(value)))
      }),
      { numRuns: 1_000 },
    )
  })

  test.each([
    ['compatible', (value: number) => `::${words(value)}`],
    ['translated by SIIT', (value: number) => `::ffff:0:${words(value)}`],
    ['translated by a NAT64 of the network', (value: number) => `64:ff9b:1::${words(value)}`],
    ['tunnelled by Teredo', (value: number) => `2001:0:${words(value)}:8000:63bf:${words(~value)}`],
    ['tunnelled by ISATAP', (value: number) => `2606:4700::5efe:${words(value)}`],
    ['tunnelled by ISATAP, as a global one', (value: number) => `2606:4700::200:5efe:${words(value)}`],
  ])('is never public where what it becomes is for others to say: %s', (_, embed) => {
    fc.assert(fc.property(value, (value) => expect(rangeOfText(embed(value))).not.toBe(open)))
  })
})

describe('an IPv6 address', () => {
  test.each([
    '2606:4700:4700::1111',
    '2001:4860:4860::8888',
    '2001:200::1',
    '2620:fe::fe',
    '2a00:1450:4001::1',
    '2400:cb00::1',
    '3fff:ffff::1',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
  ])('of the global unicast space is public (%s)', (text) => {
    expect(rangeOfText(text)).toBe(open)
  })

  test('outside of 2000::/3 is not, except for one that is an IPv4 address', () => {
    const part = fc.nat(0xffff)
    const first = part.filter((part) => part >> 13 !== 1 && part !== 0 && part !== 0x64)
    fc.assert(
      fc.property(fc.tuple(first, fc.array(part, { minLength: 7, maxLength: 7 })), ([first, rest]) => {
        const text = [first, ...rest].map((part) => part.toString(16)).join(':')
        expect(rangeOfText(text)).not.toBe(open)
      }),
      { numRuns: 1_000 },
    )
  })

  test('in any spelling is the same', () => {
    const part = fc.oneof(fc.constant(0), fc.nat(0xffff))
    fc.assert(
      fc.property(fc.array(part, { minLength: 8, maxLength: 8 }), (parts) => {
        const long = parts.map((part) => part.toString(16).padStart(4, '0').toUpperCase()).join(':')
        const short = new URL(`http://[${long}]/`).hostname
        expect(rangeOfHost(`[${long}]`)).toBe(rangeOfText(short))
        expect(rangeOfText(long)).toBe(rangeOfText(short))
      }),
    )
  })
})

test.each([
  ['127.0.0.1', 'loopback'],
  ['::1', 'loopback'],
  ['0.0.0.0', 'unspecified'],
  ['::', 'unspecified'],
  ['10.1.2.3', 'private'],
  ['100.64.0.1', 'carrier grade nat'],
  ['169.254.1.1', 'link local'],
  ['fe80::1', 'link local'],
  ['fd00::1', 'unique local'],
  ['fec0::1', 'deprecated site local'],
  ['ff02::1', 'multicast'],
  ['255.255.255.255', 'broadcast'],
  ['169.254.169.254', 'metadata'],
  ['fd00:ec2::254', 'metadata'],
  ['100.100.100.200', 'metadata'],
  ['168.63.129.16', 'metadata'],
  ['::ffff:169.254.169.254', 'metadata'],
  ['64:ff9b::a9fe:a9fe', 'metadata'],
  ['2002:a9fe:a9fe::', 'metadata'],
  ['2001:db8::1', 'reserved'],
  ['2001::1', 'teredo'],
  ['::7f00:1', 'reserved'],
  ['8.8.8.8', 'public'],
])('%s is %s', (text, range) => {
  expect(rangeOfText(text)).toBe(range)
})
