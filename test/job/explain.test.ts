import { describe, expect, test } from 'bun:test'
import { type TSchema, Type } from '@sinclair/typebox'
import fc from 'fast-check'
import { accepts } from '../../src/job/check.ts'
import { recordOf } from '../../src/job/explain/words.ts'
import { explain, invalid, mostErrors, worded } from '../../src/job/explain.ts'
import { strict } from '../../src/job/fields.ts'

const Retry = Type.Object(
  {
    attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    delayMs: Type.Optional(Type.Number()),
  },
  strict,
)
const Task = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('http'),
      url: Type.String({ maxLength: 100 }),
      headers: Type.Optional(
        recordOf(worded('a header name', Type.String({ pattern: '^[a-z-]+$' })), Type.String(), {
          maxProperties: 3,
        }),
      ),
      retry: Type.Optional(Retry),
    },
    strict,
  ),
  Type.Object({ kind: Type.Literal('sleep'), ms: Type.Integer({ minimum: 0 }) }, strict),
])
const Job = Type.Object(
  {
    mode: Type.Optional(Type.Union([Type.Literal('all'), Type.Literal('any')])),
    tolerate: Type.Optional(
      Type.Union([
        Type.Integer({ minimum: 0 }),
        worded('a share such as "5%"', Type.String({ pattern: '^\\d+%$' })),
      ]),
    ),
    sealed: Type.Optional(Type.Boolean()),
    state: Type.Optional(Type.Unsafe<string>({ type: 'string', enum: ['running', 'paused'] })),
    input: Type.Optional(Type.Unknown()),
    tasks: Type.Array(Task, { maxItems: 200_000 }),
  },
  strict,
)

const messages = (schema: TSchema, value: unknown, root?: string) =>
  explain(schema, value, root).map(({ message }) => message)
const task = (fields: object) => ({ tasks: [{ kind: 'http', url: 'x', ...fields }] })

describe('a message', () => {
  test.each<[string, unknown, string]>([
    [
      'a number out of range',
      task({ retry: { attempts: -5 } }),
      'Expected "tasks[0].retry.attempts" between 1 and 1000, got -5.',
    ],
    [
      'a fraction',
      task({ retry: { attempts: 1.5 } }),
      'Expected "tasks[0].retry.attempts" to be a whole number between 1 and 1000, got 1.5.',
    ],
    [
      'a number below the only bound',
      { tasks: [{ kind: 'sleep', ms: -1 }] },
      'Expected "tasks[0].ms" of at least 0, got -1.',
    ],
    [
      'another type',
      task({ url: 7 }),
      'Expected "tasks[0].url" to be a string of at most 100 characters, got 7.',
    ],
    [
      'null',
      task({ url: null }),
      'Expected "tasks[0].url" to be a string of at most 100 characters, got null.',
    ],
    ['an array for an object', task({ retry: [] }), 'Expected "tasks[0].retry" to be an object, got [].'],
    [
      'an object for an array',
      { tasks: {} },
      'Expected "tasks" to be an array of at most 200000 items, got {}.',
    ],
    ['a missing field', {}, 'Expected "tasks" to be an array of at most 200000 items, got nothing.'],
    [
      'a word that is none of some',
      { tasks: [], mode: 'race' },
      'Expected "mode" to be one of "all", "any", got "race".',
    ],
    [
      'a word that is none of an enum',
      { tasks: [], state: 7 },
      'Expected "state" to be one of "running", "paused", got 7.',
    ],
    [
      'neither of two types',
      { tasks: [], tolerate: 'x' },
      'Expected "tolerate" to be a whole number of at least 0 or a share such as "5%", got "x".',
    ],
    ['no boolean', { tasks: [], sealed: 'yes' }, 'Expected "sealed" to be true or false, got "yes".'],
    [
      'an unknown kind',
      { tasks: [{ kind: 'htp', url: 'x' }] },
      'Expected "tasks[0].kind" to be one of "http", "sleep", got "htp".',
    ],
    [
      'a missing kind',
      { tasks: [{ url: 'x' }] },
      'Expected "tasks[0].kind" to be one of "http", "sleep", got nothing.',
    ],
    [
      'a kind that only a prototype has',
      { tasks: [Object.create({ kind: 'sleep', ms: 1 })] },
      'Expected "tasks[0].kind" to be one of "http", "sleep", got nothing.',
    ],
    ['a task that is no object', { tasks: ['x'] }, 'Expected "tasks[0]" to be an object, got "x".'],
    [
      'a name that is not allowed',
      task({ headers: { 'a b': '1' } }),
      'Expected each name in "tasks[0].headers" to be a header name, got "a b".',
    ],
    [
      'a value under a name',
      task({ headers: { 'x-a': 1 } }),
      'Expected "tasks[0].headers[\'x-a\']" to be a string, got 1.',
    ],
    [
      'too many names',
      task({ headers: { a: '', b: '', c: '', d: '' } }),
      'Expected "tasks[0].headers" to be an object of at most 3 fields, got {"a":"","b":"","c":"","d":""}.',
    ],
    ['the whole body', null, 'Expected "body" to be an object, got null.'],
  ])('names the field, what is allowed and what came: %s', (_, value, message) => {
    expect(messages(Job, value)).toEqual([message])
  })

  test('about an unknown field says which one was meant, or which there are', () => {
    expect(messages(Job, task({ headres: {} }))).toEqual([
      'Unknown field "tasks[0].headres"; did you mean "headers"?',
    ])
    expect(messages(Job, { tasks: [{ kind: 'sleep', ms: 1, url: 'x' }] })).toEqual([
      'Unknown field "tasks[0].url"; expected one of "kind", "ms".',
    ])
  })

  test('about a misspelt field comes before the one that is then missing', () => {
    expect(explain(Job, { tasks: [{ kind: 'http', URL: 'x' }] })).toEqual([
      { field: 'tasks[0].URL', message: 'Unknown field "tasks[0].URL"; did you mean "url"?' },
      {
        field: 'tasks[0].url',
        message: 'Expected "tasks[0].url" to be a string of at most 100 characters, got nothing.',
      },
    ])
  })

  test('starts at the root that it is given', () => {
    expect(explain(Retry, { attempts: 0 }, 'tasks[3].retry')).toMatchObject([
      { field: 'tasks[3].retry.attempts' },
    ])
    expect(explain(Retry, 5, 'tasks[3].retry')).toMatchObject([{ field: 'tasks[3].retry' }])
  })

  test('shows a field that only JSON can carry', () => {
    expect(messages(Job, JSON.parse('{"tasks":[],"__proto__":1}'))).toEqual([
      'Unknown field "__proto__"; expected one of "mode", "tolerate", "sealed", "state", "input", "tasks".',
    ])
  })
})

describe('schemas of other people', () => {
  const Tree = Type.Recursive((This) => Type.Object({ children: Type.Array(This) }))

  test.each<[string, TSchema, unknown, RegExp]>([
    [
      'a recursive one',
      Tree,
      { children: [{ children: 5 }] },
      /^Expected "input(\.children)?" to be an (object|array), got /,
    ],
    [
      'an intersection',
      Type.Intersect([Retry, Type.Object({ x: Type.String() })]),
      { x: 1 },
      /^(Unknown field "input\.x"|Expected "input\.x")/,
    ],
    [
      'a tuple',
      Type.Tuple([Type.String()]),
      [1],
      /^Expected "input" to be what its schema allows, got \[1\]\.$/,
    ],
    ['a template', Type.TemplateLiteral([Type.Literal('a'), Type.String()]), 'b', /^Expected "input" to be/],
    ['never', Type.Never(), 1, /^Expected "input" to be/],
    [
      'an object of at least one field',
      Type.Object({}, { minProperties: 1 }),
      {},
      /of at least 1 fields, got \{\}\.$/,
    ],
    [
      'any other fields that are numbers',
      Type.Object({}, { additionalProperties: Type.Number() }),
      { a: 'x' },
      /^Expected "input(\.a)?" to be/,
    ],
    [
      'an array of distinct items',
      Type.Array(Type.Number(), { uniqueItems: true }),
      [1, 1],
      /^Expected "input" to be an array/,
    ],
  ])('are explained without a throw: %s', (_, schema, value, message) => {
    const [error] = explain(schema, value, 'input')
    expect(error?.message).toMatch(message)
  })
})

describe('however bad the value', () => {
  const anything = fc.jsonValue({ maxDepth: 4 })
  const almost = fc.record(
    {
      mode: fc.oneof(fc.constantFrom('all', 'any'), anything),
      tolerate: fc.oneof(fc.nat(), fc.constant('5%'), anything),
      tasks: fc.array(
        fc.oneof(
          fc.record({ kind: fc.constant('sleep'), ms: fc.oneof(fc.nat(), anything) }),
          fc.record(
            {
              kind: fc.constantFrom('http', 'sleep', 'x'),
              url: fc.oneof(fc.string(), anything),
              headers: fc.dictionary(fc.string(), fc.oneof(fc.string(), anything)),
              retry: fc.oneof(fc.record({ attempts: fc.integer() }), anything),
            },
            { requiredKeys: [] },
          ),
          anything,
        ),
      ),
    },
    { requiredKeys: [] },
  )

  test('there is an error exactly if the schema does not accept it, and each is short and names its field', () => {
    fc.assert(
      fc.property(fc.oneof(almost, anything), (value) => {
        const errors = explain(Job, value)
        expect(errors.length === 0).toBe(accepts(Job, value))
        expect(errors.length).toBeLessThanOrEqual(mostErrors)
        for (const { field, message } of errors) {
          expect(message.length).toBeLessThan(600)
          expect(message.endsWith('.') || message.endsWith('?')).toBe(true)
          expect(message.includes(field) || message.startsWith('Expected each name in')).toBe(true)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('there are ten errors at most', () => {
    const tasks = Array.from({ length: 100_000 }, () => ({ kind: 'x', y: 1 }))
    expect(explain(Job, { tasks })).toHaveLength(mostErrors)
    const fields = Object.fromEntries(tasks.map((_, index) => [`f${index}`, 1]))
    expect(explain(Job, { tasks: [], ...fields })).toHaveLength(mostErrors)
    expect(explain(Job, task({ headers: { 'a b': 1, ...Object.fromEntries([['c d', 1]]) } }))).toHaveLength(2)
  })

  test('the one bad task of 100,000 is found', () => {
    const tasks = Array.from({ length: 100_000 }, (_, index) => ({ kind: 'sleep', ms: index }))
    expect(explain(Job, { tasks })).toEqual([])
    expect(messages(Job, { tasks: [...tasks, { kind: 'sleep', ms: 'x' }] })).toEqual([
      'Expected "tasks[100000].ms" to be a whole number of at least 0, got "x".',
    ])
  })

  test('a huge value is shown in part', () => {
    const deep = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000))
    const wide = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`name ${index}`, 'x'.repeat(1_000)]),
    )
    for (const value of [deep, wide, 'x'.repeat(1_000_000), [wide, wide, deep]]) {
      const [error] = explain(Job, task({ url: value }))
      expect(error?.message.length).toBeLessThan(200)
    }
    const [error] = explain(Job, { tasks: [], ['x'.repeat(1_000_000)]: 1 })
    expect(error?.message.length).toBeLessThan(400)
  })
})

test('the refusal of a request says the first error and holds ten at most', () => {
  const errors = Array.from({ length: 12 }, (_, index) => ({
    field: `f${index}`,
    message: `Wrong: ${index}.`,
  }))
  const problem = invalid(errors)
  expect(problem).toMatchObject({ code: 'invalid', status: 422, detail: 'Wrong: 0.' })
  expect(problem.extensions).toEqual({ errors: errors.slice(0, 10) })
})
