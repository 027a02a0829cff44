import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { SqlKind } from '../../../src/kinds/sql.ts'
import { TestContext } from '../context.ts'
import { type Asked, outputOf, run, sqlOf } from './ask.ts'

/** A database with the sources `read` and `write`, both of them the same. */
export interface Rig {
  sources: string
  /** What must be seen nowhere. */
  secrets: string[]
  /** Runs statements around the kind. */
  prepare(statements: string[]): Promise<void>
  /** The placeholder with this number. */
  placeholder(number: number): string
  /** A query that runs until it is stopped, and one that returns more rows than anybody could hold. */
  endless: string
  huge: string
  /** Resolves when a query is seen to run; and when none is. */
  busy(): Promise<void>
  idle(): Promise<void>
  stop(): Promise<void>
}

/** What every dialect does alike. */
export const describeSource = (dialect: string, start: () => Promise<Rig>) =>
  describe(`a source of ${dialect}`, () => {
    let rig: Rig
    let sql: SqlKind
    beforeAll(async () => {
      rig = await start()
      sql = sqlOf(rig.sources)
    })
    afterAll(async () => {
      await sql.close()
      await rig.stop()
    })
    beforeEach(() =>
      rig.prepare([
        'drop table if exists things',
        'create table things (id integer primary key, name text)',
        "insert into things values (1, 'one'), (2, 'two'), (3, null)",
      ]),
    )
    const output = (query: string, more?: Asked) => outputOf(sql, 'read', query, more)
    const write = (query: string, more?: Asked) => outputOf(sql, 'write', query, more)
    const count = async () => (await output('select count(*) as n from things')).rows[0]?.n

    test('returns rows as objects, with their columns in order', async () => {
      expect(await output('select name, id from things order by id')).toEqual({
        columns: ['name', 'id'],
        rows: [
          { name: 'one', id: 1 },
          { name: 'two', id: 2 },
          { name: null, id: 3 },
        ],
        rowCount: 3,
      })
    })

    test('tells the columns of no rows', async () => {
      expect(await output('select id from things where id > 3')).toEqual({
        columns: ['id'],
        rows: [],
        rowCount: 0,
      })
    })

    test('loses no column that has the name of another', async () => {
      const { rows } = await output('select a.id, b.id from things a, things b where a.id = 1 and b.id = 2')
      expect(rows).toEqual([{ id: 1, id_2: 2 }])
    })

    test('takes a parameter for a value, whatever it says', async () => {
      const name = "'; drop table things; --"
      const [first, second] = [rig.placeholder(1), rig.placeholder(2)]
      await write(`insert into things values (${first}, ${second})`, { params: [4, name] })
      const query = `select id, name from things where name = ${first}`
      expect(await output(query, { params: [name] })).toMatchObject({ rows: [{ id: 4, name }] })
      expect(await output(`select id from things where id = ${first}`, { params: [4] })).toMatchObject({
        rowCount: 1,
      })
    })

    test('takes a null for NULL', async () => {
      await write(`insert into things values (4, ${rig.placeholder(1)})`, { params: [null] })
      expect(await output('select id from things where id = 4 and name is null')).toMatchObject({
        rowCount: 1,
      })
    })

    test('fails for too few parameters', async () => {
      const query = `select id from things where id = ${rig.placeholder(1)}`
      for (const params of [undefined, []]) {
        const result = run(sql, 'read', query, params && { params })
        expect(await result).toMatchObject({ error: { code: 'sql_failed' }, retryable: false })
      }
    })

    test('counts what a statement wrote', async () => {
      expect(await write("update things set name = 'x' where id < 3")).toEqual({
        columns: [],
        rows: [],
        rowCount: 2,
      })
      expect(await write('delete from things where id > 5')).toMatchObject({ rowCount: 0 })
      expect(await write('create table others (id integer)')).toMatchObject({ rowCount: 0 })
      expect(await write('drop table others')).toMatchObject({ rowCount: 0 })
    })

    test('returns what a statement wrote', async () => {
      expect(await write("insert into things values (4, 'four'), (5, 'five') returning id")).toEqual({
        columns: ['id'],
        rows: [{ id: 4 }, { id: 5 }],
        rowCount: 2,
      })
    })

    test.each([
      "insert into things values (9, 'x')",
      "insert into things values (9, 'x') returning id",
      "update things set name = 'x'",
      'delete from things',
      'drop table things',
      'create table others (id integer)',
      'create temporary table others (id integer)',
      'begin',
      'commit',
      'rollback',
      'vacuum',
      "/* select */ insert into things values (9, 'x')",
    ])('that is read-only refuses: %s', async (query) => {
      expect(await run(sql, 'read', query)).toMatchObject({
        type: 'failed',
        error: { code: 'sql_refused', message: expect.stringContaining('read-only') },
        retryable: false,
      })
      expect(await count()).toBe(3)
    })

    test.each(['read', 'write'])('runs one statement at a time (%s)', async (source) => {
      for (const query of [
        "select 1; insert into things values (9, 'x')",
        "select 1; commit; insert into things values (9, 'x')",
        "insert into things values (8, 'x'); insert into things values (9, 'x')",
      ])
        expect(await run(sql, source, query)).toMatchObject({ type: 'failed', retryable: false })
      expect(await count()).toBe(3)
      expect(await outputOf(sql, source, 'select 1 as one; -- and no more')).toMatchObject({
        rows: [{ one: 1 }],
      })
    })

    test('fails with what the database says', async () => {
      expect(await run(sql, 'read', 'select nope from things')).toMatchObject({
        type: 'failed',
        error: {
          code: 'sql_failed',
          message: expect.stringMatching(/^The query failed on "read": .*nope.*\.$/),
          details: { databaseCode: expect.any(String) },
        },
        retryable: false,
      })
      expect(await run(sql, 'write', 'insert into things (id) values (1)')).toMatchObject({
        error: { code: 'sql_failed', details: { databaseCode: expect.any(String) } },
        retryable: false,
      })
      expect(await write("update things set name = 'x'")).toMatchObject({ rowCount: 3 })
    })

    test('returns maxRows rows, and fails for one more', async () => {
      const query = 'select id from things'
      expect(await output(query, { maxRows: 3 })).toMatchObject({ rowCount: 3 })
      expect(await run(sql, 'read', query, { maxRows: 2 })).toEqual({
        type: 'failed',
        error: {
          code: 'too_many_rows',
          message: 'Expected at most 2 rows ("maxRows"), got more.',
          details: { maxRows: 2 },
        },
        retryable: false,
      })
    })

    test('returns maxBytes of rows, and fails for one byte more', async () => {
      const query = "select 'äöü' as text from things"
      const { rows } = await output(query)
      const maxBytes = Buffer.byteLength(JSON.stringify(rows))
      expect(await output(query, { maxBytes })).toMatchObject({ rowCount: 3 })
      expect(await run(sql, 'read', query, { maxBytes: maxBytes - 1 })).toEqual({
        type: 'failed',
        error: {
          code: 'too_many_rows',
          message: `Expected rows of at most ${maxBytes - 1} bytes of JSON ("maxBytes"), got more.`,
          details: { maxBytes: maxBytes - 1 },
        },
        retryable: false,
      })
    })

    test('returns 1000 rows and 1 MiB if the task does not say', async () => {
      await write(`insert into things (id) ${numbers(4, 1_001)}`)
      expect(await run(sql, 'read', 'select id from things')).toMatchObject({
        error: { details: { maxRows: 1_000 } },
      })
      expect(await output('select id from things where id <= 1000')).toMatchObject({ rowCount: 1_000 })
      expect(await output('select id from things', { maxRows: 100_000 })).toMatchObject({ rowCount: 1_001 })
      const long = `'${'x'.repeat(2_000)}'`
      expect(await run(sql, 'read', `select ${long} as x from things where id <= 1000`)).toMatchObject({
        error: { details: { maxBytes: 1_048_576 } },
      })
    })

    test('stops to read where the caps are', async () => {
      for (const more of [{ maxRows: 10 }, { maxRows: 100_000, maxBytes: 1_000 }])
        expect(await run(sql, 'read', rig.huge, more)).toMatchObject({ error: { code: 'too_many_rows' } })
    })

    test('undoes a write that returns too many rows', async () => {
      const query = "insert into things values (8, 'x'), (9, 'y') returning id"
      expect(await run(sql, 'write', query, { maxRows: 1 })).toMatchObject({
        error: { code: 'too_many_rows' },
      })
      expect(await count()).toBe(3)
    })

    test.each(['read', 'write'])('that is aborted runs nothing any more (%s)', async (source) => {
      const context = new TestContext()
      const result = run(sql, source, rig.endless, {}, context)
      await rig.busy()
      context.controller.abort()
      expect(await result).toMatchObject({ type: 'failed' })
      await rig.idle()
      expect(await outputOf(sql, source, 'select 1 as one')).toMatchObject({ rowCount: 1 })
    })

    test('does not begin what is aborted', async () => {
      const context = new TestContext()
      context.controller.abort()
      expect(await run(sql, 'write', 'delete from things', {}, context)).toMatchObject({ type: 'failed' })
      expect(await count()).toBe(3)
    })

    test('runs more at once than it has connections, and forgets who no longer waits', async () => {
      const contexts = Array.from({ length: 12 }, () => new TestContext())
      const results = contexts.map((context) => run(sql, 'read', rig.endless, {}, context))
      await rig.busy()
      // The last of them wait for a connection; then so does this one, until it is there.
      const patient = output('select 1 as one')
      for (const context of contexts.toReversed()) context.controller.abort()
      for (const result of results) expect(await result).toMatchObject({ type: 'failed' })
      expect(await patient).toMatchObject({ rows: [{ one: 1 }] })
      await rig.idle()
      const many = Array.from({ length: 50 }, (_, n) => output(`select ${n} as n`))
      expect((await Promise.all(many)).map(({ rows }) => rows[0]?.n)).toEqual([...many.keys()])
    })

    test('that is closed stops what runs, takes no more, and may be closed again', async () => {
      const other = sqlOf(rig.sources)
      const running = [run(other, 'read', rig.endless), run(other, 'write', rig.endless)]
      await rig.busy()
      await Promise.all([other.close(), other.close()])
      const closed = {
        type: 'failed',
        error: { code: 'connect_failed', message: 'The sources of this server are closed.' },
        retryable: true,
      }
      expect<unknown>(await Promise.all(running)).toEqual([closed, closed])
      expect<unknown>(await run(other, 'read', 'select 1')).toEqual(closed)
      await other.close()
      await rig.idle()
      await sqlOf(rig.sources).close()
    })

    test('shows nothing of where it is', async () => {
      const seen = [
        sql.check?.({ source: 'nope', query: 'select 1' }, 'tasks[0]'),
        await run(sql, 'read', 'select 1; select 2'),
        await run(sql, 'read', 'selec'),
        await run(sql, 'read', 'select * from nope'),
        await run(sql, 'read', 'delete from things'),
        await run(sql, 'read', 'select 1', { maxBytes: 1 }),
        await run(sql, 'write', 'insert into things (id) values (1)'),
      ]
      for (const secret of rig.secrets) expect(JSON.stringify(seen)).not.toContain(secret)
    })
  })

/** A query for the whole numbers of a range, in the SQL that all dialects have. */
const numbers = (first: number, last: number) =>
  `with recursive n(x) as (select ${first} union all select x + 1 from n where x < ${last}) select x from n`
