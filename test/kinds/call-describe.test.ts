import { expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { t } from 'elysia'
import { describeHandlers } from '../../src/kinds/call/describe.ts'
import { defineHandler } from '../../src/kinds/handler.ts'

const input = Type.Object({ id: Type.Integer({ minimum: 1, description: 'Of the picture.' }) })
const module = new URL('./isolation/misbehave.ts', import.meta.url)

test('handlers are described by name, with where they run and not from what file', () => {
  const handlers = [
    defineHandler({ name: 'resize', input, output: Type.String(), run: () => '' }),
    defineHandler({ name: 'primes', input, thread: module }),
    defineHandler({ name: 'decode', input, process: module, memoryMb: 256 }),
  ]
  const schema = {
    type: 'object',
    properties: { id: { type: 'integer', minimum: 1, description: 'Of the picture.' } },
    required: ['id'],
  }
  expect(describeHandlers(handlers)).toEqual([
    { name: 'decode', input: schema, isolation: 'process' },
    { name: 'primes', input: schema, isolation: 'thread' },
    { name: 'resize', input: schema, output: { type: 'string' }, isolation: 'loop' },
  ])
})

test('types that only TypeBox has become what JSON Schema can say', () => {
  const odd = Type.Object({
    at: Type.Date(),
    none: Type.Undefined(),
    any: Type.Unsafe<number[]>(),
    bytes: Type.Uint8Array(),
    type: Type.Literal('Date'),
  })
  const [described] = describeHandlers([defineHandler({ name: 'odd', input: odd, run: () => 1 })])
  expect(described?.input).toEqual({
    type: 'object',
    required: ['at', 'none', 'any', 'bytes', 'type'],
    properties: {
      at: { type: 'string', format: 'date-time' },
      none: { type: 'null' },
      any: {},
      bytes: {},
      type: { const: 'Date', type: 'string' },
    },
  })
})

test('a default that looks like a schema stays as it is', () => {
  const tricky = t.Object({ shape: t.Unknown({ default: { type: 'circle' } }) })
  const [described] = describeHandlers([defineHandler({ name: 'tricky', input: tricky, run: () => 1 })])
  expect(described?.input).toMatchObject({ properties: { shape: { default: { type: 'circle' } } } })
})
