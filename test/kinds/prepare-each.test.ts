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

const prepare = (each: object, fields: object = {}) =>
  prepareJob(parseJob({ each, ...fields }), kinds, { id: 'x', now: 0, secrets })

const errorsOf = (each: object, fields: object = {}): FieldError[] => {
  try {
    prepare(each, fields)
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid') return error.extensions.errors as FieldError[]
    throw error
  }
  return []
}

const url = 'https://api.example.com/users/{{item}}'

describe('each', () => {
  test('makes a task of every item, which is all that the task keeps', () => {
    const task = {
      kind: 'http',
      url,
      headers: { authorization: 'Bearer {{secrets.KEY}}' },
      retry: { attempts: 1 },
    }
    const job = prepare({ items: [1, 'b', { c: null }], task })
    expect(JSON.parse(job.template ?? '')).toEqual({
      url,
      headers: { authorization: 'Bearer {{secrets.KEY}}' },
    })
    const common = { key: undefined, kind: 'http', queue: 'http:api.example.com', after: undefined }
    const options = '{"retry":{"attempts":1}}'
    expect(job.tasks).toEqual([
      { ...common, options, input: '1' },
      { ...common, options, input: '"b"' },
      { ...common, options, input: '{"c":null}' },
    ])
  })

  test('of no items is a job of no tasks, though its template is checked', () => {
    expect(prepare({ items: [], task: { kind: 'sleep', ms: 5 } })).toMatchObject({
      tasks: [],
      template: '{"ms":5}',
    })
    expect(errorsOf({ items: [], task: { kind: 'http', url: 'nowhere' } })).toMatchObject([
      { field: 'each.task.url' },
    ])
    expect(errorsOf({ items: [], task: { kind: 'sleep', ms: 1 } }, { mode: 'race' })).toMatchObject([
      { field: 'each.items' },
    ])
  })

  test('finds queue and key of each task', () => {
    const job = prepare({
      items: [
        { host: 'a.example', id: 1 },
        { host: 'b.example:81', id: 2 },
      ].map(({ host, id }) => ({
        name: host.split(':')[0],
        port: host.split(':')[1] ?? '443',
        id,
      })),
      task: { kind: 'http', url: 'https://{{item.name}}:{{item.port}}/', key: 'user-{{item.id}}' },
    })
    expect(job.tasks.map(({ key, queue }) => [key, queue])).toEqual([
      ['user-1', 'http:a.example'],
      ['user-2', 'http:b.example:81'],
    ])
  })

  test('lets a placeholder stand for what is no string', () => {
    expect(errorsOf({ items: [0, 5], task: { kind: 'sleep', ms: '{{item}}' } })).toEqual([])
    const task = {
      kind: 'http',
      url,
      method: '{{item.m}}',
      expect: { status: ['{{item.s}}'] },
      headers: '{{item.h}}',
    }
    expect(
      errorsOf({ items: [{ m: 'PUT', s: 204, h: {} }], task: { ...task, url: 'https://a.example' } }),
    ).toEqual([])
  })

  test('names the item and the field at fault', () => {
    expect(errorsOf({ items: [1, -1, '2'], task: { kind: 'sleep', ms: '{{item}}' } })).toEqual([
      {
        field: 'each.items[1]',
        message: 'With each.items[1]: Expected "each.task.ms" between 0 and 31536000000, got -1.',
      },
      {
        field: 'each.items[2]',
        message:
          'With each.items[2]: Expected "each.task.ms" to be a whole number between 0 and 31536000000, got "2".',
      },
    ])
    expect(
      errorsOf({ items: [{ id: 1 }, {}], task: { kind: 'http', url: 'https://a.example/{{item.id}}' } }),
    ).toEqual([
      {
        field: 'each.items[1]',
        message:
          'With each.items[1]: The placeholder {{item.id}} in "each.task.url" leads to nothing: there is no "id".',
      },
    ])
    expect(
      errorsOf({ items: [{ id: 'x' }], task: { kind: 'call', handler: 'resize', input: '{{item}}' } }),
    ).toMatchObject([
      { message: 'With each.items[0]: Expected "each.task.input.id" to be a whole number, got "x".' },
    ])
  })

  test('looks at every item, though what the first ones lead to is fine', () => {
    const fieldsOf = (url: string, items: unknown[]) =>
      errorsOf({ items, task: { kind: 'http', url } }).map(({ field }) => field)
    const flaws = ['..', 'x'.repeat(9_000), '', { no: 'id' }]
    expect(fieldsOf('https://a.example/{{item}}/b', [1, 2, 'ok', ...flaws.slice(0, 3)])).toEqual([
      'each.items[3]',
      'each.items[4]',
      'each.items[5]',
    ])
    expect(fieldsOf('https://a.example/{{item.id}}', [{ id: 1 }, flaws[3]])).toEqual(['each.items[1]'])
    expect(fieldsOf('https://{{item}}/', ['a.example', '127.0.0.1', 'b.example'])).toEqual(['each.items[1]'])
    expect(fieldsOf('https://{{item}}.example/', ['a', 'a b', 'b'])).toEqual(['each.items[1]'])
    expect(fieldsOf('{{item}}', ['https://a.example/', 'ftp://a.example/', 3])).toEqual([
      'each.items[1]',
      'each.items[2]',
    ])
  })

  test('finds a queue for each item that decides it', () => {
    const queuesOf = (url: string, items: unknown[]) =>
      prepare({ items, task: { kind: 'http', url } }).tasks.map(({ queue }) => queue)
    const hosts = ['a.example', 'b.example', 'a.example']
    const named = hosts.map((host) => `http:${host}`)
    expect(queuesOf('https://{{item}}/users', hosts)).toEqual(named)
    expect(
      queuesOf(
        '{{item}}',
        hosts.map((host) => `https://${host}/`),
      ),
    ).toEqual(named)
  })

  test('says once what is wrong whatever the items', () => {
    const items = [1, 2, 3]
    expect(
      errorsOf({ items, task: { kind: 'call', handler: 'resise', input: { id: '{{item}}' } } }),
    ).toMatchObject([{ field: 'each.task.handler' }])
    expect(errorsOf({ items, task: { kind: 'sleep', ms: 'long' } })).toMatchObject([
      { field: 'each.task.ms' },
    ])
    expect(errorsOf({ items, task: { kind: 'http', url, headers: { host: '{{item}}' } } })).toMatchObject([
      { field: 'each.task.headers' },
    ])
  })

  test.each<[string, object, string]>([
    [
      'an unknown placeholder',
      { url: '{{itm}}' },
      'there are {{item}}, {{item.NAME}}, {{index}}, {{secrets.NAME}}.',
    ],
    ['the output of a task', { text: '{{tasks.a.output}}' }, 'the tasks of "each" come after none.'],
    ['a secret that is not there', { text: '{{secrets.KEX}}' }, 'Did you mean "KEY"?'],
    ['a placeholder in a name', { json: { '{{item}}': 1 } }, 'the name of a field may have none.'],
    ['a secret in the host', { url: 'https://{{secrets.KEY}}.example' }, 'must be known at submit.'],
    ['a secret in a key', { key: '{{secrets.KEY}}' }, 'without secrets'],
    ['a dependency', { after: [0] }, 'Unknown field'],
  ])('refuses %s', (_, fields, why) => {
    const [error] = errorsOf({
      items: [1],
      task: { kind: 'http', method: 'POST', url: 'https://a.example/', ...fields },
    })
    expect(error?.message).toContain(why)
  })

  test('has keys that are unique, and are keys', () => {
    const task = { kind: 'sleep', ms: 0, key: '{{item}}' }
    expect(errorsOf({ items: ['a', 'b', 'a'], task })).toEqual([
      {
        field: 'each.items[2]',
        message: 'Expected "each.items[2].key" to differ from the key of each.items[0], got "a" for both.',
      },
    ])
    expect(errorsOf({ items: [7, '..', {}, null], task }).map(({ field }) => field)).toEqual(
      [0, 1, 2, 3].map((index) => `each.items[${index}]`),
    )
    expect(errorsOf({ items: [{}], task: { ...task, key: '{{item.id}}' } })).toMatchObject([
      { field: 'each.items[0]' },
    ])
  })

  test('has at most ten errors, and no more than a thousand placeholders', () => {
    const items = Array.from({ length: 100_000 }, () => -1)
    expect(errorsOf({ items, task: { kind: 'sleep', ms: '{{item}}' } })).toHaveLength(10)
    const many = { kind: 'call', handler: 'resize', input: Array(1_001).fill('{{item}}') }
    expect(errorsOf({ items, task: many })).toMatchObject([{ field: 'each.task' }])
  })
})

describe('an item is data', () => {
  const made = (item: unknown, task: object) => errorsOf({ items: [item], task: { kind: 'http', ...task } })
  const host = 'https://{{item}}.example.com/'

  test.each(['evil.com/', 'evil.com#', 'evil.com?', 'a@evil.com', 'evil.com:80', 'evil.com\\', '', 'a\tb c'])(
    '%j becomes no other host',
    (item) => {
      const [error] = made(item, { url: host })
      expect(error?.field).toBe('each.items[0]')
    },
  )

  test('that looks like a placeholder is none', () => {
    const job = prepare({
      items: ['{{secrets.OTHER}}', '{{{{'],
      task: { kind: 'call', handler: 'resize', input: { id: 1, x: '{{item}}' } },
    })
    expect(job.tasks.map(({ input }) => input)).toEqual(['"{{secrets.OTHER}}"', '"{{{{"'])
  })

  test('with a line break becomes no header line', () => {
    const task = { url: 'https://a.example', headers: { 'x-a': 'v={{item}}' } }
    expect(made('ok', task)).toEqual([])
    for (const item of ['a\r\nx-b: 1', 'a\nb', 'a\0'])
      expect(made(item, task)[0]?.message).toContain('Expected "each.task.headers[\'x-a\']"')
  })
})
