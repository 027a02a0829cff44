import { describe, expect, test } from 'bun:test'
import { explain } from '../../../src/job/explain.ts'
import { HttpInput } from '../../../src/kinds/http.ts'
import { answering } from './answering.ts'
import { http } from './loopback.ts'

const mirror = () =>
  answering(async (request) =>
    Response.json({ type: request.headers.get('content-type'), hex: (await request.bytes()).toHex() }),
  )
const hex = (text: string) => Buffer.from(text).toString('hex')

test('a form is sent as an HTML form would be', async () => {
  await using upstream = mirror()
  const form = { name: 'Ann & Ü', n: 1.5, yes: true, many: ['a', 2, false], none: [] }
  expect(await upstream.output('/', { method: 'POST', form })).toMatchObject({
    body: {
      type: 'application/x-www-form-urlencoded',
      hex: hex('name=Ann+%26+%C3%9C&n=1.5&yes=true&many=a&many=2&many=false'),
    },
  })
})

test('Base64 is sent as the bytes it stands for', async () => {
  await using upstream = mirror()
  expect(await upstream.output('/', { method: 'PUT', base64: 'AAEC/w==' })).toMatchObject({
    body: { type: 'application/octet-stream', hex: '000102ff' },
  })
  const headers = { 'content-type': 'image/png' }
  expect(await upstream.output('/', { method: 'PUT', base64: '', headers })).toMatchObject({
    body: { type: 'image/png', hex: '' },
  })
})

test('the headers may say otherwise what JSON is', async () => {
  await using upstream = mirror()
  const headers = { 'content-type': 'application/vnd.api+json' }
  expect(await upstream.output('/', { method: 'POST', json: {}, headers })).toMatchObject({
    body: { type: 'application/vnd.api+json' },
  })
})

describe('is refused', () => {
  const flaws = (fields: object) => {
    const input = { url: 'https://example.com/', method: 'POST', ...fields }
    const errors = explain(HttpInput, input, 'tasks[0]')
    return (errors.length > 0 ? errors : (http.check?.(input as HttpInput, 'tasks[0]') ?? [])).map(
      ({ message }) => message,
    )
  }
  test.each([
    [{ json: 1, form: {} }, 'Expected "tasks[0].form" to be left out, because "json" is the body, got {}.'],
    [
      { text: '', base64: '' },
      'Expected "tasks[0].base64" to be left out, because "text" is the body, got "".',
    ],
    [
      { form: {}, method: 'GET' },
      'Expected "tasks[0].method" to be one that sends a body, because there is one, got "GET".',
    ],
    [
      { base64: 'abc' },
      'Expected "tasks[0].base64" to have a multiple of 4 characters, with "=" at its end, got 3.',
    ],
    [{ base64: 'a_b-' }, 'Expected "tasks[0].base64" to be a string of Base64, got "a_b-".'],
    [
      { form: {}, headers: { 'Content-Type': 'text/plain' } },
      'Expected "tasks[0].headers" to have no other content-type than application/x-www-form-urlencoded with "form", got "text/plain".',
    ],
    [
      { expect: { bodyMatches: '(' } },
      'Expected "tasks[0].expect.bodyMatches" to be a regular expression that is valid (with the flag u), got "(".',
    ],
    [
      { expect: { bodyMatches: '(a)\\1' } },
      'Expected "tasks[0].expect.bodyMatches" to be a regular expression without back-references, named groups, flags, \\b, and looking ahead or behind, got "(a)\\\\1".',
    ],
  ])('%j', (fields, message) => {
    expect(flaws(fields)).toEqual([message])
  })

  test('nothing of a form with the type that it has', () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
    expect(flaws({ form: {}, headers })).toEqual([])
  })
})
