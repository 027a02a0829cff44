import { describe, expect, test } from 'bun:test'
import { Problem } from '../../src/job/errors.ts'
import type { FieldError } from '../../src/job/explain.ts'
import { createKinds } from '../../src/kinds/kinds.ts'
import { parseJob, prepareJob } from '../../src/kinds/prepare.ts'

const kinds = createKinds()
const nap = { kind: 'sleep', ms: 0 }

const prepare = (job: object) =>
  prepareJob(parseJob(job), kinds, { id: 'x', now: 0, secrets: new Set(['KEY']) })
const queuesOf = (job: object) => prepare(job).tasks.map(({ queue }) => queue)

const errorsOf = (job: object): FieldError[] => {
  try {
    prepare(job)
  } catch (error) {
    if (error instanceof Problem && error.code === 'invalid') return error.extensions.errors as FieldError[]
    throw error
  }
  return []
}

const words = 'to be a string of 1 to 200 printable characters without "*" that is not "." or ".."'

describe('the queue of a task', () => {
  test('is its own, or that of the job, or that of its kind', () => {
    const tasks = [nap, { ...nap, queue: 'own' }, { kind: 'http', url: 'https://a.example' }]
    expect(queuesOf({ tasks })).toEqual(['sleep', 'own', 'http:a.example'])
    expect(queuesOf({ queue: 'job', tasks })).toEqual(['job', 'own', 'job'])
  })

  test('of the job does where a placeholder would decide that of the kind', () => {
    const tasks = [nap, { kind: 'call', handler: '{{tasks.0.output}}', after: [0] }]
    expect(errorsOf({ tasks })).toMatchObject([{ field: 'tasks[1].queue' }])
    expect(queuesOf({ queue: 'job', tasks })).toEqual(['job', 'job'])
  })

  test.each(['', '*', 'http:*', '.', '..', 'a\nb', 'x'.repeat(201), 7, null])('is refused as %j', (queue) => {
    expect(errorsOf({ queue, tasks: [] })[0]?.message).toStartWith(`Expected "queue" ${words}, got `)
    expect(errorsOf({ tasks: [{ ...nap, queue }] })[0]?.message).toStartWith(
      `Expected "tasks[0].queue" ${words}, got `,
    )
  })

  test.each(['...', '.a', 'a b/c?d#e%f', 'é', '日本', 'http:api.example.com:8080'])('may be %j', (queue) => {
    expect(queuesOf({ queue, tasks: [nap] })).toEqual([queue])
  })

  test('has no placeholders, but in each', () => {
    const queue = 'q-{{index}}'
    expect(errorsOf({ queue, tasks: [] })).toEqual([
      { field: 'queue', message: 'Expected "queue" without placeholders, got "q-{{index}}".' },
    ])
    expect(errorsOf({ tasks: [{ ...nap, queue }] })).toMatchObject([
      { field: 'tasks[0].queue', message: expect.stringContaining('without placeholders') },
    ])
  })
})

describe('the queue of each task', () => {
  const each = (queue: string, items: unknown[], fields: object = {}) => ({
    each: { items, task: { ...nap, queue } },
    ...fields,
  })

  test('is made of its item', () => {
    const items = [{ tenant: 'a' }, { tenant: 'b' }, { tenant: 7 }]
    expect(queuesOf(each('tenant-{{item.tenant}}', items))).toEqual(['tenant-a', 'tenant-b', 'tenant-7'])
    expect(queuesOf(each('{{item.tenant}}', items))).toEqual(['a', 'b', '7'])
    expect(queuesOf(each('{{index}}', items))).toEqual(['0', '1', '2'])
    expect(queuesOf(each('same', items, { queue: 'job' }))).toEqual(['same', 'same', 'same'])
  })

  test('is that of the job, or that of its kind, if it names none', () => {
    const task = { kind: 'http', url: 'https://{{item}}.example' }
    const items = ['a', 'b']
    expect(queuesOf({ each: { items, task } })).toEqual(['http:a.example', 'http:b.example'])
    expect(queuesOf({ queue: 'job', each: { items, task } })).toEqual(['job', 'job'])
  })

  test('is refused where an item makes it what no queue may be', () => {
    const items = [{ t: 'ok' }, { t: '*' }, {}, { t: null }]
    const errors = errorsOf(each('{{item.t}}', items))
    expect(errors.map(({ field }) => field)).toEqual([1, 2, 3].map((index) => `each.items[${index}]`))
    expect(errors[0]?.message).toBe(`With each.items[1]: Expected "each.task.queue" ${words}, got "*".`)
    expect(errors[1]?.message).toContain('{{item.t}} in "each.task.queue" leads to nothing')
  })

  test.each<[queue: string, why: string]>([
    ['{{secrets.KEY}}', 'Expected "each.task.queue" without secrets, got {{secrets.KEY}}.'],
    ['{{tasks.a.output}}', 'the tasks of "each" come after none.'],
    ['{{itm}}', 'there are {{item}}, {{item.NAME}}, {{index}}'],
  ])('is refused as %s', (queue, why) => {
    expect(errorsOf(each(queue, [1]))[0]?.message).toContain(why)
  })
})
