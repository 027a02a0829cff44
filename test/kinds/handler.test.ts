import { describe, expect, expectTypeOf, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { t } from 'elysia'
import { createCall } from '../../src/kinds/call.ts'
import { defineHandler, Fatal, isHandler } from '../../src/kinds/handler.ts'

const run = () => null

describe('the types of a handler', () => {
  test('follow from its schemas', () => {
    const handler = defineHandler({
      name: 'resize',
      input: Type.Object({ id: Type.Number() }),
      output: Type.Array(Type.String()),
      run: async ({ id }, { attempt }) => [`${id}`, `${attempt}`],
    })
    expectTypeOf<Parameters<typeof handler.run>[0]>().toEqualTypeOf<{ id: number }>()
    expectTypeOf(handler.run).returns.toEqualTypeOf<string[] | Promise<string[]>>()
  })

  test('let it return anything if it has no schema for that', () => {
    const handler = defineHandler({ name: 'any', input: Type.Null(), run: () => ({ a: 1 }) })
    expectTypeOf(handler.run).returns.toBeUnknown()
  })
})

test('the schemas of a handler may come from Elysia', () => {
  const handler = defineHandler({
    name: 'ely',
    input: t.Object({ mail: t.String({ format: 'email' }) }),
    run,
  })
  const { check } = createCall([handler])
  expect(check?.({ handler: 'ely', input: { mail: 'a@example.com' } }, 'tasks[0]')).toEqual([])
  expect(check?.({ handler: 'ely', input: { mail: 'a' } }, 'tasks[0]')).toEqual([
    {
      field: 'tasks[0].input.mail',
      message: 'Expected "tasks[0].input.mail" to be a string in the format "email", got "a".',
    },
  ])
})

describe('a name', () => {
  test.each(['a', 'Resize', 'users.resize-v2_1', 'a'.repeat(100)])('may be %j', (name) => {
    expect(defineHandler({ name, input: Type.Null(), run }).name).toBe(name)
  })

  test.each(['', '1a', '_a', 'a b', 'a/b', 'a\n', 'é', 'a'.repeat(101)])('may not be %j', (name) => {
    expect(() => defineHandler({ name, input: Type.Null(), run })).toThrow('Expected "name" to be a letter')
  })
})

describe('what is no handler', () => {
  const good = { name: 'a', input: Type.Null(), run }

  test('is refused where it is defined, with the field that is wrong', () => {
    const define = defineHandler as (definition: object) => unknown
    expect(() => define({ ...good, name: 5 })).toThrow('Expected "name"')
    expect(() => define({ ...good, input: { type: 'null' } })).toThrow('Expected "input" of a')
    expect(() => define({ ...good, output: 'string' })).toThrow('Expected "output" of a')
    expect(() => define({ ...good, run: undefined })).toThrow('Expected "run" of a')
  })

  test('is told from a handler by its shape, so that another copy of Sheaf may have made it', () => {
    expect(isHandler(defineHandler(good))).toBe(true)
    expect(isHandler({ ...good })).toBe(true)
    for (const other of [undefined, null, 'a', run, {}, { ...good, run: 1 }, [good]])
      expect(isHandler(other)).toBe(false)
  })
})

test('a handler does not change after it was defined', () => {
  const definition = { name: 'a', input: Type.Null(), run }
  const handler = defineHandler(definition)
  definition.name = 'b'
  expect(handler.name).toBe('a')
  expect(Object.isFrozen(handler)).toBe(true)
})

test('a Fatal is an Error with a name and a cause', () => {
  const cause = new Error('why')
  expect(new Fatal('no', { cause })).toMatchObject({ name: 'Fatal', message: 'no', cause })
})
