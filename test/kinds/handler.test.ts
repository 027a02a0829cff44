import { describe, expect, expectTypeOf, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { t } from 'elysia'
import { call, type Task } from '../../src/client/task.ts'
import { createCall } from '../../src/kinds/call.ts'
import { defineHandler, Fatal, type HandlerFunction, isHandler } from '../../src/kinds/handler.ts'

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

describe('the types of a handler that runs elsewhere', () => {
  const input = Type.Object({ id: Type.Number() })
  const url = new URL('./isolation/misbehave.ts', import.meta.url)

  test('follow from its schemas, or from what Type.Unsafe says', () => {
    const thread = defineHandler({ name: 'thread', input, output: Type.Unsafe<number[]>(), thread: url })
    expectTypeOf(call(thread, { id: 1 })).toEqualTypeOf<Task<number[]>>()
    const process = defineHandler({ name: 'process', input, process: url, memoryMb: 256 })
    expectTypeOf(call(process, { id: 1 })).toEqualTypeOf<Task<unknown>>()
    // @ts-expect-error: the input is an object.
    call(thread, 'seven')
    expect(createCall([thread]).check?.({ handler: 'thread', input: { id: 1 } }, 'tasks[0]')).toEqual([])
  })

  test('allow exactly one place to run', () => {
    // @ts-expect-error: two places.
    expect(() => defineHandler({ name: 'a', input, run, thread: url })).toThrow()
    // @ts-expect-error: none.
    expect(() => defineHandler({ name: 'a', input })).toThrow()
    // @ts-expect-error: threads share their memory.
    expect(() => defineHandler({ name: 'a', input, thread: url, memoryMb: 256 })).toThrow()
  })

  test('type the function of their module', () => {
    const primes = (({ id }, { attempt }) => [id, attempt]) satisfies HandlerFunction<
      { id: number },
      number[]
    >
    expectTypeOf(primes).returns.toEqualTypeOf<number[]>()
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
    expect(() => define({ ...good, run: 1 })).toThrow('Expected "run" of a to be a function')
    expect(() => define({ ...good, run: undefined })).toThrow(
      'Expected exactly one of "run", "thread" and "process" of a, got none.',
    )
    expect(() => define({ ...good, thread: './a.ts' })).toThrow('got "run" and "thread".')
    const thread = { ...good, run: undefined, thread: './a.ts' }
    expect(() => define({ ...thread, thread: '' })).toThrow(
      'Expected "thread" of a to be the URL of a module',
    )
    expect(() => define({ ...thread, memoryMb: 128 })).toThrow('Expected "memoryMb" of a only with "process"')
    const process = { ...good, run: undefined, process: './a.ts' }
    expect(() => define({ ...process, memoryMb: 8 })).toThrow(
      'Expected "memoryMb" of a to be at least 64, got 8.',
    )
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
