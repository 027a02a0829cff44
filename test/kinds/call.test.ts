import { describe, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import type { ErrorCode } from '../../src/job/errors.ts'
import { createCall } from '../../src/kinds/call.ts'
import { defineHandler, Fatal, type Handler } from '../../src/kinds/handler.ts'
import type { RunResult } from '../../src/kinds/kind.ts'
import { TestContext } from './context.ts'

const double = defineHandler({
  name: 'double',
  input: Type.Object({ n: Type.Integer({ minimum: 0 }) }, { additionalProperties: false }),
  output: Type.Integer(),
  run: ({ n }) => n * 2,
})

const returning = (run: () => unknown) => defineHandler({ name: 'give', input: Type.Unknown(), run })
const give = async (run: () => unknown) =>
  createCall([returning(run)]).run({ handler: 'give' }, new TestContext())
const failure = (code: ErrorCode, message: string, retryable: boolean): RunResult => ({
  type: 'failed',
  error: { code, message },
  retryable,
})

describe('a call', () => {
  test('gives the handler its input and stores what it returns', () => {
    const call = createCall([double])
    expect(call.run({ handler: 'double', input: { n: 21 } }, new TestContext())).toEqual({
      type: 'succeeded',
      output: '42',
    })
  })

  test('of a handler that is not async needs no promise and no signal', () => {
    const context = new TestContext()
    expect(createCall([double]).run({ handler: 'double', input: { n: 1 } }, context)).not.toBeInstanceOf(
      Promise,
    )
    expect(context.signalsMade).toBe(0)
  })

  test('gives the handler a context whose functions may be taken out of it', async () => {
    const context = new TestContext()
    const seen: unknown[] = []
    const handler = defineHandler({
      name: 'look',
      input: Type.Null(),
      run: async (_, { signal, progress, log, ...rest }) => {
        progress({ done: 1, total: 2 })
        log('half', { way: true })
        seen.push(signal, rest)
      },
    })
    await createCall([handler]).run({ handler: 'look' }, context)
    const { job, index, attempt, idempotencyKey } = context
    expect(seen).toEqual([context.controller.signal, { job, index, attempt, idempotencyKey }])
    expect(context.progressed).toEqual([{ done: 1, total: 2 }])
    expect(context.logged).toEqual([['half', { way: true }]])
  })

  test('is in the queue of its handler', () => {
    expect(createCall([double]).queue({ handler: 'double' })).toBe('call:double')
  })
})

describe('the input of a call', () => {
  const call = createCall([double])

  test('is checked when it is submitted, with the path of the field', () => {
    expect(call.check?.({ handler: 'double', input: { n: -1 } }, 'tasks[4]')).toEqual([
      { field: 'tasks[4].input.n', message: 'Expected "tasks[4].input.n" of at least 0, got -1.' },
    ])
    expect(call.check?.({ handler: 'double', input: { n: 1 } }, 'tasks[4]')).toEqual([])
  })

  test('is checked again when it runs, because the handler may have changed since', async () => {
    expect(await call.run({ handler: 'double', input: { n: 'x', m: 1 } }, new TestContext())).toMatchObject({
      type: 'failed',
      retryable: false,
      error: {
        code: 'invalid_input',
        message: 'Unknown field "input.m"; expected "n".',
        details: { errors: [{ field: 'input.m' }, { field: 'input.n' }] },
      },
    })
  })

  test('is null when absent, or undefined for a handler that takes that', async () => {
    const inputs: unknown[] = []
    const taking = (name: string, input: Handler['input']) =>
      defineHandler({ name, input, run: (value) => void inputs.push(value) })
    const kind = createCall([
      taking('anything', Type.Unknown()),
      taking('nothing', Type.Undefined()),
      taking('null', Type.Null()),
      taking('either', Type.Union([Type.Null(), Type.Object({})])),
    ])
    for (const handler of ['anything', 'nothing', 'null', 'either']) {
      expect(kind.check?.({ handler }, 'tasks[0]')).toEqual([])
      await kind.run({ handler }, new TestContext())
    }
    expect(inputs).toEqual([undefined, undefined, null, null])
  })

  test('that is absent is refused by a handler that needs one', () => {
    expect(call.check?.({ handler: 'double' }, 'tasks[0]')).toEqual([
      { field: 'tasks[0].input', message: 'Expected "tasks[0].input" to be an object, got null.' },
    ])
  })
})

describe('an unknown handler', () => {
  const messageOf = (name: string, handlers: Handler[]) =>
    createCall(handlers).check?.({ handler: name }, 'tasks[0]')[0]?.message

  test('is refused at submission, naming the known ones or the one that was meant', () => {
    const expected = 'Expected "tasks[0].handler" to be a handler of this server, got'
    expect(messageOf('doubel', [double])).toBe(`${expected} "doubel". Did you mean "double"?`)
    expect(messageOf('resize', [double, returning(() => 1)])).toBe(
      `${expected} "resize". The handlers are "double", "give".`,
    )
    expect(messageOf('resize', [])).toBe(`${expected} "resize". It has none.`)
  })

  test('fails the task for good when it is gone by the time the task runs', async () => {
    expect(await createCall([]).run({ handler: 'gone' }, new TestContext())).toEqual(
      failure('handler_not_found', 'This server has no handler "gone". It has none.', false),
    )
  })

  test('is not found on the prototype of an object', () => {
    for (const name of ['constructor', '__proto__', 'toString'])
      expect(createCall([double]).check?.({ handler: name }, 'tasks[0]')).toHaveLength(1)
  })
})

describe('a handler that throws', () => {
  const raise = (error: unknown) => () => {
    throw error
  }

  test('fails the attempt with its message and nothing else, and is tried again', async () => {
    expect(await give(raise(new Error('no space left')))).toEqual(
      failure('handler_failed', 'no space left', true),
    )
  })

  test('fails the same way when it is async', async () => {
    expect(await give(() => Promise.reject(new Error('no space left')))).toEqual(
      failure('handler_failed', 'no space left', true),
    )
  })

  test('is not tried again after a Fatal', async () => {
    expect(await give(raise(new Fatal('no such user')))).toEqual(
      failure('handler_failed', 'no such user', false),
    )
  })

  test.each([
    ['a string', 'broken', 'broken'],
    ['an object', { code: 7 }, 'Threw {"code":7}, which is no Error.'],
    ['undefined', undefined, 'Threw null, which is no Error.'],
    ['a bigint', 7n, 'Threw a bigint, which is no Error.'],
    ['an error without a message', new RangeError(), 'RangeError'],
    ['an error with a message of megabytes', new Error('x'.repeat(3_000_000)), 'x'.repeat(2_000)],
  ])('may throw %s', async (_, thrown, message) => {
    expect(await give(raise(thrown))).toEqual(failure('handler_failed', message, true))
  })
})

describe('the output of a call', () => {
  const cycle: { self?: unknown } = {}
  cycle.self = cycle

  test.each([
    ['undefined', undefined, 'null'],
    ['a Date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['a field that is undefined', { a: undefined, b: 1 }, '{"b":1}'],
    ['a string with line breaks', 'a\nb', '"a\\nb"'],
    ['a Map, which JSON writes as an object without fields', new Map([[1, 2]]), '{}'],
  ])('may be %s', async (_, value, output) => {
    expect(await give(() => value)).toEqual({ type: 'succeeded', output })
  })

  test.each([
    ['a BigInt', 7n, /has no bigint/],
    ['a BigInt inside', { total: [7n] }, /has no bigint, as found in "0"/],
    ['a function', () => 1, /has no function/],
    ['a function inside', { run: () => 1 }, /has no function, as found in "run"/],
    ['a symbol', Symbol('x'), /has no symbol/],
    ['a cycle', cycle, /cycl|circular/i],
  ])('may not be %s', async (_, value, message) => {
    expect(await give(() => value)).toMatchObject({
      type: 'failed',
      error: { code: 'output_not_json', message: expect.stringMatching(message) },
      retryable: false,
    })
  })

  test('is checked against the schema of the handler', async () => {
    const liar = defineHandler({
      name: 'liar',
      input: Type.Unknown(),
      output: Type.Object({ id: Type.Integer() }),
      // What TypeScript would refuse, a JavaScript handler can do.
      run: () => JSON.parse('{"id":"7"}'),
    })
    expect(await createCall([liar]).run({ handler: 'liar' }, new TestContext())).toMatchObject({
      type: 'failed',
      retryable: false,
      error: {
        code: 'handler_failed',
        message:
          'The output of "liar" does not fit its schema: Expected "output.id" to be a whole number, got "7".',
      },
    })
  })
})

test('two handlers of one name are refused', () => {
  expect(() => createCall([double, double])).toThrow('name of its own, got two called "double"')
})

test('a schema that cannot be compiled is refused with the name of its handler', () => {
  const lost = defineHandler({ name: 'lost', input: Type.Ref('Nowhere'), run: () => 1 })
  expect(() => createCall([lost])).toThrow('The schemas of the handler "lost"')
})
