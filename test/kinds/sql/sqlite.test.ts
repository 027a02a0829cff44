import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { SqlKind } from '../../../src/kinds/sql.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { TestContext } from '../context.ts'
import { type Asked, outputOf, run, sqlOf } from './ask.ts'
import { describeSource } from './contract.ts'
import { childrenOf, ticksOf, until } from './processes.ts'

const endless =
  'with recursive n(x) as (select 1 union all select x + 1 from n where x < 1e12) select count(*) as n from n'

/** Those of our children that run SQLite and nothing else, and so use the processor only while they run a statement. */
const others = new Set(childrenOf(process.pid))
const workers = () => childrenOf(process.pid).filter((pid) => !others.has(pid))

/** Resolves when a process is seen to compute. */
const busy = async () => {
  const start = new Map(workers().map((pid) => [pid, ticksOf(pid) ?? 0]))
  await until(() => workers().some((pid) => (ticksOf(pid) ?? 0) > (start.get(pid) ?? 0) + 5))
}

/** Resolves when none computes: of those that live, all wait for a message. */
const idle = async () => {
  const start = workers().map((pid) => [pid, ticksOf(pid) ?? 0] as const)
  const since = performance.now()
  await until(() => performance.now() - since > 200)
  // A statement would have taken 20 ticks in that time.
  for (const [pid, ticks] of start) expect((ticksOf(pid) ?? ticks) - ticks).toBeLessThan(10)
}

describeSource('SQLite', async () => {
  const folder = temporaryFolder()
  const file = folder.file('app.db')
  const database = new DatabaseSync(file)
  database.exec('pragma journal_mode = wal')
  return {
    sources: `read=sqlite:${file},write:rw=file://${file}`,
    secrets: [folder.path],
    prepare: async (statements) => database.exec(statements.join(';')),
    placeholder: () => '?',
    endless,
    huge: 'with recursive n(x) as (select 1 union all select x + 1 from n where x < 1e12) select x from n',
    busy,
    idle,
    stop: async () => {
      database.close()
      folder[Symbol.dispose]()
    },
  }
})

describe('an SQLite source', () => {
  const folder = temporaryFolder()
  const file = folder.file('data #1 %20ü.db')
  let sql: SqlKind
  beforeAll(() => {
    using database = new DatabaseSync(file)
    database.exec("create table things (id integer primary key, data); insert into things values (1, 'one')")
    sql = sqlOf(`read=sqlite:${file},write:rw=sqlite:${file},missing:rw=sqlite:${folder.file('missing.db')}`)
  })
  afterAll(async () => {
    await sql.close()
    folder[Symbol.dispose]()
  })
  const scalar = async (query: string, more?: Asked) =>
    (await outputOf(sql, 'read', `select ${query} as value`, more)).rows[0]?.value

  test.each([
    ['null', null],
    ['1', 1],
    ['-9007199254740991', -9007199254740991],
    ['9007199254740992', '9007199254740992'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['1.5', 1.5],
    ['2.0', 2],
    ['9e999', 'Infinity'],
    ["'Grüße'", 'Grüße'],
    ["'a' || char(10) || char(0) || 'b'", 'a\n\0b'],
    ["x'00ff'", { base64: 'AP8=' }],
    ["x''", { base64: '' }],
    ['json(\'{"a": 1}\')', '{"a":1}'],
    ['1 < 2', 1],
  ])('returns %s as %j', async (query, expected) => {
    expect(await scalar(query)).toEqual(expected)
  })

  test.each([
    [1, 'integer'],
    [-0, 'real'],
    [1.5, 'real'],
    [2 ** 60, 'real'],
    [true, 'integer'],
    ['1', 'text'],
    [null, 'null'],
  ])('binds %p as %s', async (param, type) => {
    expect(await scalar('typeof(?)', { params: [param] })).toBe(type)
  })

  test('takes numbered placeholders', async () => {
    expect(await scalar('?2 || ?1 || ?2', { params: ['a', 'b'] })).toBe('bab')
  })

  test.each([
    ['select ?', []],
    ['select ?1, ?3', [1, 2]],
    ['select 1', [1]],
    ['select $1', [1]],
    ['select :a', []],
  ])('says that parameters do not fit: %s with %j', async (query, params) => {
    expect(await run(sql, 'read', query, { params })).toMatchObject({
      error: {
        code: 'sql_failed',
        message: `Expected "params" to have a value for each placeholder of the query, written ? or ?1, got ${params.length}.`,
      },
      retryable: false,
    })
  })

  const sidestep = (name: string) => `${folder.file(name)}`

  test.each(['read', 'write'])('reaches no other file (%s)', async (source) => {
    for (const query of [
      `attach '${sidestep('attached.db')}' as other`,
      `attach 'file:${sidestep('attached.db')}?mode=rwc' as other`,
      'detach main',
      `vacuum into '${sidestep('copy.db')}'`,
      "select load_extension('x')",
      `select writefile('${sidestep('written')}', 'x')`,
      `select readfile('${file}')`,
      'pragma database_list',
      'select file from pragma_database_list',
      `pragma temp_store_directory = '${folder.path}'`,
    ])
      expect(await run(sql, source, query)).toMatchObject({ type: 'failed', retryable: false })
    for (const name of ['attached.db', 'copy.db', 'written'])
      expect(existsSync(folder.file(name))).toBe(false)
  })

  test.each(['read', 'write'])('lets no query change how the database works (%s)', async (source) => {
    for (const query of [
      'pragma journal_mode = wal',
      'pragma query_only = off',
      'pragma writable_schema = on',
      'pragma user_version = 7',
      'pragma page_size = 512',
      'begin',
      'commit',
      'savepoint here',
      'pragma hard_heap_limit = 1',
    ])
      expect(await run(sql, source, query)).toMatchObject({
        error: { code: 'sql_refused', details: { databaseCode: 'SQLITE_AUTH' } },
        retryable: false,
      })
  })

  test('tells about its tables', async () => {
    for (const query of [
      'pragma table_info(things)',
      "select name from pragma_table_info('things')",
      'pragma user_version',
      'explain query plan select * from things',
      'select sql from sqlite_schema',
    ])
      expect((await outputOf(sql, 'read', query)).rowCount).toBeGreaterThan(0)
  })

  test('has virtual tables, and functions on JSON', async () => {
    await outputOf(sql, 'write', 'create virtual table texts using fts5(body)')
    await outputOf(sql, 'write', 'insert into texts values (?), (?)', {
      params: ['the quick fox', 'a lazy dog'],
    })
    expect(await outputOf(sql, 'read', "select body from texts where texts match 'quick'")).toMatchObject({
      rows: [{ body: 'the quick fox' }],
    })
    expect(await outputOf(sql, 'read', "select value from json_each('[1, 2]')")).toMatchObject({
      rowCount: 2,
    })
  })

  test('creates no database', async () => {
    expect(await run(sql, 'missing', 'create table things (id)')).toMatchObject({
      error: { code: 'sql_failed', details: { databaseCode: 'SQLITE_CANTOPEN' } },
      retryable: true,
    })
    expect(existsSync(folder.file('missing.db'))).toBe(false)
  })

  test('names the constraint', async () => {
    await outputOf(
      sql,
      'write',
      'create table strict_things (id integer primary key, n int not null unique check (n > 0))',
    )
    await outputOf(sql, 'write', 'insert into strict_things values (1, 1)')
    for (const [values, code] of [
      ['1, 2', 'SQLITE_CONSTRAINT_PRIMARYKEY'],
      ['2, 1', 'SQLITE_CONSTRAINT_UNIQUE'],
      ['2, null', 'SQLITE_CONSTRAINT_NOTNULL'],
      ['2, -1', 'SQLITE_CONSTRAINT_CHECK'],
    ])
      expect(await run(sql, 'write', `insert into strict_things values (${values})`)).toMatchObject({
        error: { code: 'sql_failed', details: { databaseCode: code } },
        retryable: false,
      })
  })

  test('that is locked is worth another attempt', async () => {
    using database = new DatabaseSync(file)
    database.exec('begin exclusive')
    expect(await run(sql, 'write', 'delete from things')).toMatchObject({
      error: { code: 'sql_failed', details: { databaseCode: 'SQLITE_BUSY' } },
      retryable: true,
    })
  })

  test('builds no value of more than 100 MB', async () => {
    expect(await run(sql, 'read', 'select length(hex(zeroblob(60000000)))')).toMatchObject({
      error: { details: { databaseCode: 'SQLITE_TOOBIG' } },
      retryable: false,
    })
  })

  test('whose process dies is worth another attempt', async () => {
    const result = run(sql, 'read', endless)
    await busy()
    for (const pid of workers()) process.kill(pid, 'SIGKILL')
    expect(await result).toEqual({
      type: 'failed',
      error: { code: 'connection_lost', message: 'The process that ran the query on "read" ended.' },
      retryable: true,
    })
    expect(await scalar('1')).toBe(1)
  })

  test('takes what is aborted off the processor at once', async () => {
    const context = new TestContext()
    const before = new Set(workers())
    const result = run(sql, 'read', endless, {}, context)
    await busy()
    const aborted = performance.now()
    context.controller.abort()
    await result
    expect(performance.now() - aborted).toBeLessThan(500)
    expect(workers().filter((pid) => !before.has(pid))).toEqual([])
    await idle()
  })
})
