import { describe, expect, expectTypeOf, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { Problem } from '../../src/job/errors.ts'
import type { PlaceholderText } from '../../src/job/template/schema.ts'
import { defineHandler } from '../../src/kinds/handler.ts'
import { createKinds } from '../../src/kinds/kinds.ts'
import { parseJob, prepareJob } from '../../src/kinds/prepare.ts'
import type { TaskSpec } from '../../src/kinds/spec.ts'

const resize = defineHandler({ name: 'resize', input: Type.Object({ id: Type.Integer() }), run: () => null })
const kinds = createKinds({ handlers: [resize] })
const id = '019b7c00-0000-7000-8000-000000000001'
const url = 'http://api.example.com/users/1'

const prepare = (job: unknown) => prepareJob(parseJob(job), kinds, { id, now: 0 })

const errorsOf = (job: unknown): unknown => {
  try {
    prepare(job)
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid') return error.extensions.errors
    throw error
  }
  return []
}

describe('a job', () => {
  test('of tasks alone has every default', () => {
    expect(prepare({ tasks: [] })).toEqual({
      id,
      name: undefined,
      rule: { mode: 'allSettled', tolerate: 0, quorum: 1 },
      concurrency: undefined,
      priority: 5,
      labels: {},
      defaults: {},
      timeoutMs: undefined,
      keepMs: undefined,
      idempotency: undefined,
      template: undefined,
      tasks: [],
    })
  })

  test('keeps what it says', () => {
    const idempotency = { key: 'k', digest: 'd' }
    const said = {
      name: 'enrich',
      concurrency: 32,
      priority: 9,
      labels: { team: 'a' },
      timeoutMs: 5,
      keepMs: 6,
    }
    const spec = { ...said, mode: 'all', tolerate: '5%', retry: { attempts: 5 }, tasks: [] }
    expect(prepareJob(parseJob(spec), kinds, { id, now: 0, idempotency })).toMatchObject({
      ...said,
      rule: { mode: 'all', tolerate: '5%', quorum: 1 },
      defaults: { retry: { attempts: 5 } },
      idempotency,
    })
  })

  test('has either tasks or each', () => {
    expect(errorsOf({})).toMatchObject([{ field: 'tasks', message: expect.stringContaining('got nothing') }])
    const each = { items: [], task: { kind: 'sleep', ms: 1 } }
    expect(errorsOf({ tasks: [], each })).toEqual([
      { field: 'each', message: 'Expected either "tasks" or "each", got both.' },
    ])
  })

  test('of the wrong shape is refused with the paths of the fields', () => {
    expect(
      errorsOf({ mode: 'al', tasks: [{ kind: 'sleep' }, { kind: 'nap' }, { kind: 'http', url, ms: 1 }] }),
    ).toMatchObject([
      { field: 'mode' },
      { field: 'tasks[0].ms' },
      {
        field: 'tasks[1].kind',
        message: 'Expected "tasks[1].kind" to be one of "http", "sleep", "call", "sql", "email", got "nap".',
      },
      { field: 'tasks[2].ms' },
    ])
  })
})

describe('a task', () => {
  test('is stored as the fields of its kind, with its queue', () => {
    const tasks = [
      { kind: 'http', key: 'user', url, headers: { accept: '*/*' } },
      { kind: 'sleep', ms: 250 },
      { kind: 'call', handler: 'resize', input: { id: 7 } },
    ]
    expect(prepare({ tasks }).tasks).toEqual([
      {
        key: 'user',
        kind: 'http',
        queue: 'http:api.example.com',
        input: `{"url":"${url}","headers":{"accept":"*/*"}}`,
        options: undefined,
        after: undefined,
      },
      {
        key: undefined,
        kind: 'sleep',
        queue: 'sleep',
        input: '{"ms":250}',
        options: undefined,
        after: undefined,
      },
      {
        key: undefined,
        kind: 'call',
        queue: 'call:resize',
        input: '{"handler":"resize","input":{"id":7}}',
        options: undefined,
        after: undefined,
      },
    ])
  })

  test('has its own queue, retry and timeout if it says so', () => {
    const own = { queue: 'slow', retry: { attempts: 1 }, timeoutMs: 9 }
    expect(
      prepare({
        tasks: [
          { kind: 'sleep', ms: 0, ...own },
          { kind: 'sleep', ms: 0, timeoutMs: 9 },
        ],
      }).tasks,
    ).toMatchObject([
      { queue: 'slow', input: '{"ms":0}', options: '{"retry":{"attempts":1},"timeoutMs":9}' },
      { queue: 'sleep', options: '{"timeoutMs":9}' },
    ])
  })

  test('that its kind refuses is named by its path', () => {
    const tasks = [
      { kind: 'sleep', ms: 0 },
      { kind: 'http', url: 'ftp://example.com' },
      { kind: 'http', url, json: 1 },
      { kind: 'call', handler: 'resize', input: { id: 'x' } },
      { kind: 'call', handler: 'resise' },
    ]
    expect(errorsOf({ tasks })).toMatchObject([
      { field: 'tasks[1].url' },
      { field: 'tasks[2].method' },
      { field: 'tasks[3].input.id' },
      { field: 'tasks[4].handler', message: expect.stringContaining('Did you mean "resize"?') },
    ])
  })

  test('has a type for each kind', () => {
    expectTypeOf<TaskSpec['kind']>().toEqualTypeOf<'http' | 'sleep' | 'sql' | 'email' | 'call'>()
    expectTypeOf<Extract<TaskSpec, { kind: 'sleep' }>['ms']>().toEqualTypeOf<number | PlaceholderText>()
    expectTypeOf<Extract<TaskSpec, { kind: 'http' }>['url']>().toEqualTypeOf<string>()
  })
})

describe('a key', () => {
  test('belongs to one task, and a second one is refused naming both', () => {
    const tasks = ['a', 'b', 'a', 'c', 'a'].map((key) => ({ kind: 'sleep', ms: 0, key }))
    expect(errorsOf({ tasks })).toEqual([
      {
        field: 'tasks[2].key',
        message: 'Expected "tasks[2].key" to differ from the key of tasks[0], got "a" for both.',
      },
      {
        field: 'tasks[4].key',
        message: 'Expected "tasks[4].key" to differ from the key of tasks[0], got "a" for both.',
      },
    ])
  })
})

describe('a mode', () => {
  const sleeps = (count: number) => Array.from({ length: count }, () => ({ kind: 'sleep', ms: 0 }))

  test.each<[object, number, string[]]>([
    [{ mode: 'race' }, 0, ['tasks']],
    [{ mode: 'race' }, 1, []],
    [{ mode: 'all' }, 0, []],
    [{ mode: 'any' }, 0, []],
    [{ mode: 'any', quorum: 1 }, 0, []],
    [{ mode: 'any', quorum: 2 }, 0, ['quorum']],
    [{ mode: 'any', quorum: 3 }, 3, []],
    [{ mode: 'any', quorum: 4 }, 3, ['quorum']],
    [{ mode: 'all', quorum: 1 }, 3, ['quorum']],
    [{ quorum: 1 }, 3, ['quorum']],
    [{ mode: 'all', tolerate: 9 }, 3, []],
    [{ mode: 'any', tolerate: 0 }, 3, ['tolerate']],
    [{ tolerate: '5%' }, 3, ['tolerate']],
    [{ mode: 'race', tolerate: 1, quorum: 9 }, 0, ['tasks', 'tolerate', 'quorum']],
  ])('%j of %d tasks has the errors %j', (fields, count, errors) => {
    expect(errorsOf({ ...fields, tasks: sleeps(count) })).toMatchObject(errors.map((field) => ({ field })))
  })

  test('says what goes with what', () => {
    expect(errorsOf({ quorum: 1, tasks: [] })).toEqual([
      { field: 'quorum', message: 'Expected "quorum" only with "mode": "any", got "allSettled".' },
    ])
    expect(errorsOf({ mode: 'any', quorum: 9, tasks: sleeps(3) })).toEqual([
      { field: 'quorum', message: 'Expected "quorum" of at most 3, the number of tasks, got 9.' },
    ])
  })
})

test('a job of many bad tasks is refused with ten errors', () => {
  const tasks = Array.from({ length: 100_000 }, () => ({ kind: 'http', url: 'nowhere' }))
  expect(errorsOf({ tasks })).toHaveLength(10)
})
