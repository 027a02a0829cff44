import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type AllowEntry, allowFlaw, parseAllow } from '../../../src/kinds/egress/allow.ts'

const shown = (entry: AllowEntry) => {
  const what = {
    name: () => (entry.type === 'name' ? entry.name : ''),
    pattern: () => (entry.type === 'pattern' ? `*${entry.suffix}` : ''),
    range: () => (entry.type === 'range' ? `${entry.base}/${entry.bits}` : ''),
  }[entry.type]()
  return `${entry.type} ${what}${entry.port === undefined ? '' : ` port ${entry.port}`}`
}

test.each([
  ['localhost', ['name localhost']],
  ['LocalHost.:80', ['name localhost port 80']],
  ['api.example.com:65535', ['name api.example.com port 65535']],
  ['my_service-1.svc', ['name my_service-1.svc']],
  ['münchen.example', ['name xn--mnchen-3ya.example']],
  ['xn--mnchen-3ya.example', ['name xn--mnchen-3ya.example']],
  ['*.svc.local', ['pattern *.svc.local']],
  ['*.BÜCHER.example:8443', ['pattern *.xn--bcher-kva.example port 8443']],
  ['127.0.0.1', ['range 127.0.0.1/32']],
  ['127.0.0.1:8080', ['range 127.0.0.1/32 port 8080']],
  ['10.0.0.0/8', ['range 10.0.0.0/8']],
  ['10.0.0.0/8:443', ['range 10.0.0.0/8 port 443']],
  ['0.0.0.0/0', ['range 0.0.0.0/0']],
  ['192.168.1.7/32', ['range 192.168.1.7/32']],
  ['::1', ['range ::1/128']],
  ['[::1]', ['range ::1/128']],
  ['[::1]:8080', ['range ::1/128 port 8080']],
  ['fd00::/8', ['range fd00::/8']],
  ['[fd00::/8]:443', ['range fd00::/8 port 443']],
  ['::/0', ['range ::/0']],
  ['FD00:0:0:0::1', ['range fd00::1/128']],
  ['::ffff:127.0.0.1', ['range 127.0.0.1/32']],
  ['[::ffff:10.0.0.0/104]:80', ['range 10.0.0.0/8 port 80']],
  ['', []],
  ['  ', []],
  [
    '127.0.0.1:8080, 10.0.0.0/8 ,*.svc.local,localhost',
    ['range 127.0.0.1/32 port 8080', 'range 10.0.0.0/8', 'pattern *.svc.local', 'name localhost'],
  ],
])('%j allows %j', (text, entries) => {
  expect(parseAllow(text)?.map(shown)).toEqual(entries)
  expect(allowFlaw(text)).toBeUndefined()
})

const name = 'neither an address nor a host name; "*" stands only for the labels at its start'
const port = 'a port is a number from 1 to 65535'
const range = 'a range is an address, "/" and a number of bits'

describe('a value that can be misread is refused', () => {
  test.each([
    ['a,,b', '', 'an empty entry'],
    ['localhost,', '', 'an empty entry'],
    ['http://localhost', 'http://localhost', 'leave out the scheme and the path'],
    ['*', '*', name],
    ['*:80', '*:80', name],
    ['*.', '*.', name],
    ['*.*', '*.*', name],
    ['a.*', 'a.*', name],
    ['*.*.example', '*.*.example', name],
    ['*example.com', '*example.com', name],
    ['.example.com', '.example.com', name],
    ['a..example', 'a..example', name],
    ['a b', 'a b', name],
    ['user@host', 'user@host', name],
    ['a%2eb', 'a%2eb', name],
    ['127.1', '127.1', name],
    ['0x7f000001', '0x7f000001', name],
    ['2130706433', '2130706433', name],
    ['010.0.0.1', '010.0.0.1', name],
    ['256.0.0.1', '256.0.0.1', name],
    ['1.2.3.4.5', '1.2.3.4.5', name],
    ['*.10.0.0.1', '*.10.0.0.1', name],
    ['localhost:0', 'localhost:0', port],
    ['localhost:', 'localhost:', port],
    ['localhost:65536', 'localhost:65536', port],
    ['localhost:http', 'localhost:http', port],
    ['localhost:+80', 'localhost:+80', port],
    ['[::1]:0', '[::1]:0', port],
    ['10.0.0.0/33', '10.0.0.0/33', 'a range of such an address has 0 to 32 bits'],
    ['fd00::/129', 'fd00::/129', 'a range of such an address has 0 to 128 bits'],
    ['::ffff:10.0.0.0/8', '::ffff:10.0.0.0/8', 'a range of such an address has 96 to 128 bits'],
    ['10.0.0.1/8', '10.0.0.1/8', 'this range begins at 10.0.0.0'],
    ['fd00::1/8', 'fd00::1/8', 'this range begins at fd00::'],
    ['10.0.0.0/', '10.0.0.0/', range],
    ['10.0.0.0/8/8', '10.0.0.0/8/8', range],
    ['10.0/8', '10.0/8', range],
    ['10.0.0.0/255.0.0.0', '10.0.0.0/255.0.0.0', range],
    ['localhost/8', 'localhost/8', range],
    ['fe80::1%eth0', 'fe80::1%eth0', 'not an address'],
    ['::1::', '::1::', 'not an address'],
    ['fd00:::80', 'fd00:::80', 'not an address'],
    ['[::1', '[::1', 'not an address'],
    ['::1]', '::1]', 'not an address'],
  ])('%j', (text, entry, flaw) => {
    expect(parseAllow(text)).toBeUndefined()
    expect(allowFlaw(text)).toBe(`${JSON.stringify(entry)} (${flaw})`)
  })

  test('or else read, whatever it is', () => {
    const piece = fc.constantFrom(
      '*',
      '.',
      ':',
      '/',
      '[',
      ']',
      ',',
      '%',
      '1',
      '10.0.0.0',
      'fd00::',
      'a',
      'é',
      ' ',
      '\n',
      '@',
    )
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(text, (text) => {
        const flaw = allowFlaw(text)
        expect(parseAllow(text) === undefined).toBe(flaw !== undefined)
        if (flaw !== undefined) expect(flaw).not.toContain('\n')
      }),
      { numRuns: 2_000 },
    )
  })
})
