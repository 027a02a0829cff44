import { expect, test } from 'bun:test'
import { responseEnd } from './response.ts'

const head = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'
const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
const endOf = (text: string) => responseEnd(Buffer.from(text))

test('a response ends where its length says', () => {
  expect(endOf(`${head}hello`)).toBe(head.length + 5)
  expect(endOf(`${head}helloHTTP/1.1`)).toBe(head.length + 5)
})

test('a response in chunks ends with the last', () => {
  expect(endOf(chunked)).toBe(chunked.length)
})

test('a response that is not whole has no end yet', () => {
  expect(endOf('HTTP/1.1 200 OK\r\nContent-Le')).toBeUndefined()
  expect(endOf(`${head}hell`)).toBeUndefined()
  expect(endOf(chunked.slice(0, -2))).toBeUndefined()
})

test('a response that is no success fails the run', () => {
  expect(() => endOf('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n')).toThrow(/503/)
})
