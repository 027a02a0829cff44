import { afterAll, describe, expect, test } from 'bun:test'
import { accepts } from '../../../src/job/check.ts'
import { explain } from '../../../src/job/explain.ts'
import { SqlInput } from '../../../src/kinds/sql.ts'
import { TestContext } from '../context.ts'
import { sqlOf } from './ask.ts'

const sql = sqlOf('main=sqlite:./nowhere/app.db,stats:rw=postgres://user:kind-secret@127.0.0.1:1/stats')
const none = sqlOf('x=sqlite:x')
afterAll(async () => {
  await sql.close()
  await none.close()
})

const task = { source: 'main', query: 'select 1' }

describe('a sql task', () => {
  test('runs in the queue of its source, for 30 s', () => {
    expect(sql.queue(task)).toBe('sql:main')
    expect(sql.timeoutMs(task)).toBe(30_000)
  })

  test('takes placeholders in its parameters, and never in its text', () => {
    expect(sql.literal).toEqual(['source', 'query'])
  })

  test.each([
    [task],
    [{ ...task, params: ['a', 1, 1.5, true, null], maxRows: 100_000, maxBytes: 16_777_216 }],
    [{ ...task, query: 'select\n\t1' }],
  ])('may be %j', (input) => {
    expect(accepts(SqlInput, input)).toBe(true)
    expect(sql.check?.(input, 'tasks[0]')).toEqual([])
  })

  test.each([
    [{ source: 'main' }, 'query'],
    [{ ...task, source: '' }, 'source'],
    [{ ...task, query: '' }, 'query'],
    [{ ...task, query: 'select 1\0' }, 'query'],
    [{ ...task, query: 'x'.repeat(100_001) }, 'query'],
    [{ ...task, params: [{}] }, 'params[0]'],
    [{ ...task, params: [[1]] }, 'params[0]'],
    [{ ...task, params: { id: 1 } }, 'params'],
    [{ ...task, maxRows: 0 }, 'maxRows'],
    [{ ...task, maxRows: 100_001 }, 'maxRows'],
    [{ ...task, maxBytes: 16_777_217 }, 'maxBytes'],
    [{ ...task, readonly: false }, 'readonly'],
  ])('may not be %j', (input, field) => {
    expect(explain(SqlInput, input)).toMatchObject([{ field }])
  })

  test('names a source of this server', () => {
    expect(sql.check?.({ ...task, source: 'maim' }, 'tasks[2]')).toEqual([
      {
        field: 'tasks[2].source',
        message: 'Expected "tasks[2].source" to be a source of this server, got "maim". Did you mean "main"?',
      },
    ])
    expect(sql.check?.({ ...task, source: 'warehouse' }, 'tasks[2]')).toMatchObject([
      { message: expect.stringContaining('The sources are "main", "stats".') },
    ])
  })

  test('that was accepted when its source was still there fails for good', async () => {
    expect(await sql.run({ ...task, source: 'warehouse' }, new TestContext())).toEqual({
      type: 'failed',
      error: {
        code: 'sql_refused',
        message: 'This server has no source "warehouse". The sources are "main", "stats".',
      },
      retryable: false,
    })
  })

  test.each([' ', '-- nothing', ';', '/* nothing */ ; -- at all'])(
    'has a statement, which %j is not',
    (query) => {
      expect(sql.check?.({ ...task, query }, 'tasks[0]')).toMatchObject([
        { field: 'tasks[0].query', message: expect.stringContaining('to be a statement') },
      ])
    },
  )

  test('costs nothing before it runs: no source is opened', async () => {
    const many = sqlOf('a=sqlite:./nowhere/a.db,b=postgres://h.invalid/b,c=mysql://h.invalid/c')
    await many.close()
    await many.close()
  })
})
