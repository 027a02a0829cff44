import { describe, expect, test } from 'bun:test'
import { Type } from '@sinclair/typebox'
import { Problem } from '../../src/job/errors.ts'
import type { FieldError } from '../../src/job/explain.ts'
import { defineHandler } from '../../src/kinds/handler.ts'
import { createKinds } from '../../src/kinds/kinds.ts'
import { parseJob, prepareJob } from '../../src/kinds/prepare.ts'

const resize = defineHandler({ name: 'resize', input: Type.Object({ id: Type.Integer() }), run: () => null })
const kinds = createKinds({ handlers: [resize] })
const secrets = new Set(['KEY'])

const prepare = (...tasks: object[]) =>
  prepareJob(parseJob({ tasks }), kinds, { id: 'x', now: 0, secrets }).tasks

const errorsOf = (...tasks: object[]): FieldError[] => {
  try {
    prepare(...tasks)
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid') return error.extensions.errors as FieldError[]
    throw error
  }
  return []
}

const nap = (fields: object = {}) => ({ kind: 'sleep', ms: 0, ...fields })
const get = (fields: object = {}) => ({ kind: 'http', url: 'https://a.example/', ...fields })

describe('after', () => {
  test('names tasks by key or index, before or after this one', () => {
    const tasks = prepare(
      nap({ after: ['late', 2] }),
      nap({ after: [] }),
      nap({ after: [{ task: 1, on: 'ended' }, { task: 'late' }] }),
      nap({ key: 'late' }),
    )
    expect(tasks.map(({ after }) => after)).toEqual([
      [
        { task: 3, on: 'succeeded' },
        { task: 2, on: 'succeeded' },
      ],
      undefined,
      [
        { task: 1, on: 'ended' },
        { task: 3, on: 'succeeded' },
      ],
      undefined,
    ])
  })

  test('may name a task twice: then it has to succeed, if either says so', () => {
    for (const after of [
      ['a', { task: 0, on: 'ended' }],
      [{ task: 'a', on: 'ended' }, 0],
    ])
      expect(prepare(nap({ key: 'a' }), nap({ after }))[1]?.after).toEqual([{ task: 0, on: 'succeeded' }])
  })

  test('refuses what is no task of the job', () => {
    expect(errorsOf(nap({ key: 'login' }), nap({ after: ['logn', 7, 'other'] }))).toEqual([
      {
        field: 'tasks[1].after[0]',
        message: 'Expected "tasks[1].after[0]" to be a task of this job, got "logn". Did you mean "login"?',
      },
      {
        field: 'tasks[1].after[1]',
        message: 'Expected "tasks[1].after[1]" to be a task of this job, got 7. There are 2.',
      },
      {
        field: 'tasks[1].after[2]',
        message: 'Expected "tasks[1].after[2]" to be a task of this job, got "other". There are 2.',
      },
    ])
  })

  test.each<[unknown, string]>([
    ['login', 'tasks[0].after'],
    [[-1], 'tasks[0].after[0]'],
    [[1.5], 'tasks[0].after[0]'],
    [[null], 'tasks[0].after[0]'],
    [[{ task: 0, on: 'failed' }], 'tasks[0].after[0].on'],
    [[{ on: 'ended' }], 'tasks[0].after[0].task'],
    [Array(1_001).fill(0), 'tasks[0].after'],
  ])('refuses %j', (after, field) => {
    expect(errorsOf(nap({ after }))[0]?.field).toBe(field)
  })

  test('refuses a circle, and names it', () => {
    expect(errorsOf(nap({ after: [0] }))).toEqual([
      { field: 'tasks[0].after', message: 'Expected "tasks[0].after" not to lead in a circle, got 0 → 0.' },
    ])
    const [error] = errorsOf(
      nap({ key: 'a', after: ['b'] }),
      nap({ key: 'b', after: [2] }),
      nap({ after: ['a'] }),
    )
    expect(error?.message).toMatch(/got (2 → "b" → "a" → 2|"b" → "a" → 2 → "b"|"a" → 2 → "b" → "a")\.$/)
    const long = Array.from({ length: 1_000 }, (_, task) => nap({ after: [(task + 999) % 1_000] }))
    expect(errorsOf(...long)[0]?.message.length).toBeLessThan(200)
  })
})

describe('a task with placeholders', () => {
  const login = get({ key: 'login' })

  test('is kept as it is, and has the queue that it will have', () => {
    const task = get({ url: 'https://b.example/u/{{tasks.login.output.body.id}}', after: ['login'] })
    expect(prepare(login, task)[1]).toEqual({
      key: undefined,
      kind: 'http',
      queue: 'http:b.example',
      input: '{"url":"https://b.example/u/{{tasks.login.output.body.id}}"}',
      options: undefined,
      after: [{ task: 0, on: 'succeeded' }],
    })
  })

  test.each<[string, object]>([
    ['by index', get({ url: 'https://b.example/{{tasks.0.output.status}}', after: ['login'] })],
    ['in what is no string', nap({ ms: '{{tasks.login.output.body.ms}}', after: [0] })],
    [
      'in the input of a handler',
      { kind: 'call', handler: 'resize', input: { id: '{{tasks.0.output}}' }, after: [0] },
    ],
    [
      'as the whole input of a handler',
      { kind: 'call', handler: 'resize', input: '{{tasks.0.output}}', after: [0] },
    ],
    ['as headers', get({ headers: '{{tasks.0.output.headers}}', after: [0] })],
    ['with a secret', get({ headers: { authorization: 'Bearer {{secrets.KEY}}' } })],
    ['with its own index', nap({ ms: '{{index}}' })],
    ['with escaped braces', get({ method: 'POST', text: '{{{{mustache}}' })],
    [
      'of an unknown handler, with a queue',
      { kind: 'call', handler: '{{tasks.0.output}}', queue: 'q', after: [0] },
    ],
  ])('is accepted: %s', (_, task) => {
    expect(errorsOf(login, task)).toEqual([])
  })

  test.each<[string, object, string, string]>([
    [
      'a task that it does not come after',
      get({ url: 'https://a.example/{{tasks.login.output}}' }),
      'url',
      '"tasks[1].after" does not name the task "login".',
    ],
    [
      'a task that is not there',
      get({ url: 'https://a.example/{{tasks.lgin.output}}', after: [0] }),
      'url',
      'does not name the task "lgin".',
    ],
    ['an item', get({ url: 'https://a.example/{{item}}' }), 'url', 'only the task of "each" has an item.'],
    [
      'nothing known',
      get({ url: 'https://a.example/{{task.x}}' }),
      'url',
      'there are {{index}}, {{tasks.KEY.output}}, {{tasks.KEY.output.NAME}}, {{secrets.NAME}}. Literal braces are written twice: "{{{{" is "{{".',
    ],
    ['nothing, unclosed', get({ url: 'https://a.example/{{index' }), 'url', 'The placeholder {{index in'],
    [
      'an unknown secret',
      get({ headers: { a: '{{secrets.TOKEN}}' } }),
      'headers.a',
      'It would be set with SHEAF_SECRET_TOKEN.',
    ],
    [
      'the host',
      get({ url: 'https://{{tasks.0.output.body.host}}/', after: [0] }),
      'url',
      'must be known at submit',
    ],
    [
      'the whole URL',
      get({ url: '{{tasks.0.output.body.url}}', after: [0] }),
      'url',
      'must be known at submit',
    ],
    ['the queue', { kind: 'call', handler: '{{tasks.0.output}}', after: [0] }, 'queue', 'would decide it'],
  ])('is refused if one stands for %s', (_, task, field, why) => {
    const [error] = errorsOf(login, task)
    expect(error?.field).toBe(`tasks[1].${field}`)
    expect(error?.message).toContain(why)
  })

  test.each<[string, object, string]>([
    ['credentials', get({ url: 'https://u:p@a.example/{{secrets.KEY}}' }), 'url'],
    ['a forbidden header', get({ headers: { host: 'x', a: '{{secrets.KEY}}' } }), 'headers'],
    ['another field', nap({ ms: '{{index}}', timeoutMs: -1 }), 'timeoutMs'],
    ['a body with GET', get({ json: '{{secrets.KEY}}' }), 'method'],
    ['an unknown handler', { kind: 'call', handler: 'resise', input: '{{secrets.KEY}}' }, 'handler'],
    ['a string that is not one placeholder', nap({ ms: '{{index}}0' }), 'ms'],
    ['a key', nap({ key: 'a{{index}}' }), 'key'],
  ])('is refused for what does not depend on them: %s', (_, task, field) => {
    expect(errorsOf(login, task).map((error) => error.field)).toEqual([`tasks[1].${field}`])
  })
})
