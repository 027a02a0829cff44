import { expect, test } from 'bun:test'
import { Webhook as Verifier } from 'standardwebhooks'
import { flawOfSecrets, readSecrets } from '../../../src/kinds/webhook/secret.ts'

const of = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`

test.each([24, 25, 26, 32, 64])('a secret of %d bytes is the key that the other side has', (bytes) => {
  const [key] = readSecrets(of(bytes)) ?? []
  expect(Buffer.from(key ?? [])).toEqual(Buffer.alloc(bytes, 7))
  expect(Reflect.get(new Verifier(of(bytes)), 'key')).toEqual(new Uint8Array(bytes).fill(7))
})

test('several are kept in their order, whatever white space is around them', () => {
  expect(readSecrets(` ${of(24)} , ${of(32)}`)?.map(({ length }) => length)).toEqual([24, 32])
})

test.each([
  ['', 'one without whsec_ as number 1 of 1'],
  [of(24).slice('whsec_'.length), 'one without whsec_ as number 1 of 1'],
  [of(23), 'one of 23 bytes as number 1 of 1'],
  [`${of(24)},${of(65)}`, 'one of 65 bytes as number 2 of 2'],
  [`${of(24)},`, 'one without whsec_ as number 2 of 2'],
  [of(25).replace('==', ''), 'one that is not base64 as number 1 of 1'],
  [`${of(24)}_-`, 'one that is not base64 as number 1 of 1'],
])('%p is refused: %s', (text, flaw) => {
  expect(readSecrets(text)).toBeUndefined()
  expect(flawOfSecrets(text)).toBe(flaw)
})
