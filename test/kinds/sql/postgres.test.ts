import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { SqlKind } from '../../../src/kinds/sql.ts'
import { type Postgres, postgresPassword, startPostgres } from '../../support/postgres.ts'
import { TestContext } from '../context.ts'
import { type Asked, outputOf, run, sqlOf } from './ask.ts'
import { describeSource } from './contract.ts'
import { until } from './processes.ts'

let postgres: Postgres
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres[Symbol.asyncDispose]())

/** Queries that run, or whose transaction is open, other than our own. */
const running = async (): Promise<string[]> => {
  const rows = await postgres.admin<{ query: string }[]>`
    select query from pg_stat_activity
    where backend_type = 'client backend' and state <> 'idle' and pid <> pg_backend_pid()`
  return rows.map(({ query }) => query)
}

const endless = 'select count(*) as n from generate_series(1, 1000000) a, generate_series(1, 1000000) b'

/** Resolves when the server computes rows, and no longer only begins to. */
const busy = () => until(async () => (await running()).some((query) => query.startsWith('fetch')))

describeSource('PostgreSQL', async () => ({
  sources: `read=${postgres.url},write:rw=${postgres.url}`,
  secrets: [postgresPassword, new URL(postgres.url).host],
  prepare: async (statements) => {
    await postgres.admin.unsafe(statements.join(';')).simple()
  },
  placeholder: (number) => `$${number}`,
  endless,
  huge: 'select a.relname from pg_class a, pg_class b, pg_class c, pg_class d',
  busy,
  idle: () => until(async () => (await running()).length === 0),
  stop: async () => {},
}))

describe('a PostgreSQL source', () => {
  let sql: SqlKind
  beforeAll(async () => {
    const { url } = postgres
    await postgres.admin`create type mood as enum ('ok', 'bad')`
    await postgres.admin`create table ledger (id integer primary key, amount numeric)`
    sql = sqlOf(
      [
        `read=${url}`,
        `write:rw=${url}`,
        `password=${url.replace(postgresPassword, 'pg-wrong-19c2')}`,
        `nowhere=${url.replace(/\d+\/postgres$/, '1/postgres')}`,
        `insecure=${url}?sslmode=require`,
        `database=${url}-none`,
      ].join(','),
    )
  })
  afterAll(() => sql.close())
  const scalar = async (query: string, more?: Asked) =>
    (await outputOf(sql, 'read', `select ${query} as value`, more)).rows[0]?.value

  test.each([
    ['null', null],
    ['1::smallint', 1],
    ['9007199254740991::bigint', 9007199254740991],
    ['9007199254740993::bigint', '9007199254740993'],
    ['(-9007199254740993)::bigint', '-9007199254740993'],
    ['1.50::numeric', '1.50'],
    ['1.5::double precision', 1.5],
    ['0.1::real', 0.1],
    ["'NaN'::double precision", 'NaN'],
    ['true', true],
    ["'Grüße'", 'Grüße'],
    ["e'a\\nb'", 'a\nb'],
    ['\'[1, null, "x"]\'::jsonb', [1, null, 'x']],
    ["'\\x00ff'::bytea", { base64: 'AP8=' }],
    ["'2026-01-02'::date", '2026-01-02'],
    ["'infinity'::date", 'infinity'],
    ["'03:04:05.678'::time", '03:04:05.678'],
    ["'2026-01-02 03:04:05'::timestamp", '2026-01-02T03:04:05'],
    ["'2026-01-02 03:04:05.678901'::timestamp", '2026-01-02T03:04:05.678901'],
    ["'2026-01-02 03:04:05.678901+02'::timestamptz", '2026-01-02T01:04:05.678901Z'],
    ["'2026-01-02 03:04:05Z'::timestamptz", '2026-01-02T03:04:05Z'],
    ["'infinity'::timestamptz", 'infinity'],
    ["interval '1 day 2 hours'", 'P1DT2H'],
    ["'019b7c00-0000-7000-8000-000000000001'::uuid", '019b7c00-0000-7000-8000-000000000001'],
    ["'ok'::mood", 'ok'],
    ['array[1, null, 3]', [1, null, 3]],
    ["'{}'::integer[]", []],
    [
      'array[[1, 2], [3, 4]]',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["'[2:3]={1,2}'::integer[]", [1, 2]],
    [
      "array['a,b', 'c\"d\\e', null, '', 'null', '{x}', ' ']",
      ['a,b', 'c"d\\e', null, '', 'null', '{x}', ' '],
    ],
    ['array[9007199254740993, 1]::bigint[]', ['9007199254740993', 1]],
    ['array[true, false]', [true, false]],
    ['array[\'{"a": 1}\']::jsonb[]', [{ a: 1 }]],
    ["array['\\x00']::bytea[]", [{ base64: 'AA==' }]],
    ["array['2026-01-02 03:04:05+00']::timestamptz[]", ['2026-01-02T03:04:05Z']],
  ])('returns %s as %j', async (query, expected) => {
    expect(await scalar(query)).toEqual(expected)
  })

  test('keeps JSON to the digit, on one line', async () => {
    const result = await run(sql, 'read', 'select \'{"a":\n 12345678901234567890}\'::json as value')
    expect(result).toMatchObject({
      output: expect.stringContaining('{"value":{"a":  12345678901234567890}}'),
    })
  })

  test('prints a moment in UTC, whatever the zone of the session', async () => {
    await postgres.admin`alter role postgres set timezone = 'Asia/Kathmandu'`
    const other = sqlOf(`read=${postgres.url}`)
    const { rows } = await outputOf(other, 'read', "select '2026-01-02 03:04:05+00'::timestamptz as at")
    expect(rows).toEqual([{ at: '2026-01-02T03:04:05Z' }])
    await other.close()
    await postgres.admin`alter role postgres reset timezone`
  })

  test.each([
    ['$1::text', 'x', 'x'],
    ['$1::text', 5, '5'],
    ['$1::integer', 5, 5],
    ['$1::integer', '5', 5],
    ['$1::bigint', 2 ** 40, 2 ** 40],
    ['$1::numeric', 1.25, '1.25'],
    ['$1::boolean', true, true],
    ['$1::date', '2026-01-02', '2026-01-02'],
    ['$1::jsonb', '{"a":1}', { a: 1 }],
    ['$1::integer[]', '{1,2}', [1, 2]],
    ['$1::text', null, null],
  ])('binds to %s %j', async (query, param, expected) => {
    expect(await scalar(query, { params: [param] })).toEqual(expected)
  })

  test('returns many rows in order, page by page', async () => {
    const query = "select g as id, repeat('x', g % 700) as text from generate_series(1, 20000) g"
    const { rows } = await outputOf(sql, 'read', query, { maxRows: 20_000, maxBytes: 16_777_216 })
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1))
    expect(rows[698]?.text).toBe('x'.repeat(699))
  })

  test.each([
    'set transaction read write',
    'set session characteristics as transaction read write',
    'begin read write',
    'do $$ begin insert into ledger values (9, 9); end $$',
    'copy ledger from stdin',
    "copy ledger to program 'true'",
    "copy ledger to '/tmp/ledger'",
    'lock table ledger',
    'listen news',
    'notify news',
    'prepare later as insert into ledger values (9, 9)',
    'truncate ledger',
    'with added as (insert into ledger values (9, 9) returning *) select * from added',
    'explain analyze insert into ledger values (9, 9)',
    'select * from ledger for update',
  ])('that is read-only refuses: %s', async (query) => {
    expect(await run(sql, 'read', query)).toMatchObject({
      error: { code: 'sql_refused', details: { databaseCode: '25006' } },
      retryable: false,
    })
  })

  test.each([
    "select set_config('transaction_read_only', 'off', true)",
    'select 1 into copied',
    "select lo_from_bytea(0, '\\x00')",
    '/* select */ commit',
    'select 1;;commit',
    'select 1 from (commit) c',
  ])('that is read-only fails for: %s', async (query) => {
    expect(await run(sql, 'read', query)).toMatchObject({ type: 'failed', retryable: false })
  })

  test('that is read-only stays so, whatever a query sets', async () => {
    const settings = ['default_transaction_read_only', 'session_replication_role', 'datestyle', 'search_path']
    const value = { default_transaction_read_only: 'off', session_replication_role: 'replica' }
    for (const name of settings) {
      const wanted = Reflect.get(value, name) ?? 'german'
      await outputOf(sql, 'read', `select set_config('${name}', '${wanted}', false)`)
    }
    for (let turn = 0; turn < 10; turn += 1) {
      expect(await run(sql, 'read', 'insert into ledger values (9, 9)')).toMatchObject({ type: 'failed' })
      expect(await scalar("current_setting('search_path')")).toBe('"$user", public')
      expect(await scalar("current_setting('session_replication_role')")).toBe('origin')
    }
    expect((await outputOf(sql, 'read', 'select * from ledger')).rows).toEqual([])
  })

  test('that may write hands no setting on to the next query', async () => {
    for (const query of [
      "select set_config('search_path', 'nowhere', false)",
      'set search_path = nowhere',
      'set role pg_monitor',
      'prepare later as select 1',
      'listen news',
    ])
      await outputOf(sql, 'write', query)
    for (let turn = 0; turn < 10; turn += 1) {
      expect(
        await outputOf(
          sql,
          'write',
          "select current_user::text as name, current_setting('search_path') as path",
        ),
      ).toMatchObject({
        rows: [{ name: 'postgres', path: '"$user", public' }],
      })
    }
    const left = await postgres.admin`select 1 from pg_stat_activity where query ilike 'listen%'`
    expect(left).toHaveLength(0)
  })

  test('tells about its settings and plans', async () => {
    expect(await outputOf(sql, 'read', 'show transaction_read_only')).toMatchObject({
      rows: [{ transaction_read_only: 'on' }],
    })
    expect((await outputOf(sql, 'read', '-- why\n explain select 1')).columns).toEqual(['QUERY PLAN'])
  })

  test('says what PostgreSQL says, with the position in the query', async () => {
    await outputOf(sql, 'write', 'insert into ledger values (1, 1)')
    expect(await run(sql, 'write', 'insert into ledger values (1, 1)')).toEqual({
      type: 'failed',
      error: {
        code: 'sql_failed',
        message: 'The query failed on "write": duplicate key value violates unique constraint "ledger_pkey".',
        details: {
          databaseCode: '23505',
          detail: 'Key (id)=(1) already exists.',
          constraint: 'ledger_pkey',
        },
      },
      retryable: false,
    })
    await outputOf(sql, 'write', 'delete from ledger')
    for (const source of ['read', 'write'])
      expect(await run(sql, source, 'select nope from ledger')).toMatchObject({
        error: { details: { databaseCode: '42703', position: 8 } },
      })
  })

  test('fails when a row cannot be computed', async () => {
    expect(await run(sql, 'read', 'select 10 / (500 - g) from generate_series(1, 1000) g')).toMatchObject({
      error: { code: 'sql_failed', details: { databaseCode: '22012' } },
      retryable: false,
    })
  })

  test('fails at the commit when that is when a constraint fails', async () => {
    await postgres.admin`create table deferred (id integer, unique (id) deferrable initially deferred)`
    expect(await run(sql, 'write', 'insert into deferred values (1), (1)')).toMatchObject({
      error: { code: 'sql_failed', details: { databaseCode: '23505' } },
      retryable: false,
    })
    expect((await outputOf(sql, 'read', 'select * from deferred')).rowCount).toBe(0)
  })

  test.each(['40001', '40P01', '53300', '55P03', '57014'])('%s is worth another attempt', async (code) => {
    await postgres.admin.unsafe(`
      create or replace function fail_with() returns integer language plpgsql as
      $$ begin raise exception 'as asked' using errcode = '${code}'; end $$`)
    expect(await run(sql, 'read', 'select fail_with()')).toMatchObject({
      error: { code: 'sql_failed', details: { databaseCode: code } },
      retryable: true,
    })
  })

  test('whose connection is cut is worth another attempt', async () => {
    const result = run(sql, 'read', endless)
    await busy()
    await postgres.admin`
      select pg_terminate_backend(pid) from pg_stat_activity
      where state <> 'idle' and pid <> pg_backend_pid() and backend_type = 'client backend'`
    expect(await result).toMatchObject({ error: { details: { databaseCode: '57P01' } }, retryable: true })
    expect(await scalar('1')).toBe(1)
  })

  test('that cannot be reached is worth another attempt', async () => {
    expect(await run(sql, 'nowhere', 'select 1')).toEqual({
      type: 'failed',
      error: {
        code: 'connect_failed',
        message: 'No connection to "nowhere" could be made (ERR_POSTGRES_CONNECTION_REFUSED).',
        details: { databaseCode: 'ERR_POSTGRES_CONNECTION_REFUSED' },
      },
      retryable: true,
    })
  })

  test.each([
    ['password', 'sql_failed', '28P01'],
    ['database', 'sql_failed', '3D000'],
    ['insecure', 'tls_failed', 'ERR_POSTGRES_TLS_NOT_AVAILABLE'],
  ])('that does not let us in is not (%s)', async (source, code, databaseCode) => {
    const result = await run(sql, source, 'select 1')
    expect(result).toMatchObject({ error: { code, details: { databaseCode } }, retryable: false })
    for (const secret of ['pg-wrong-19c2', postgresPassword, '127.0.0.1'])
      expect(JSON.stringify(result)).not.toContain(secret)
  })

  test('goes to the database of its URL, whatever the environment says', async () => {
    process.env.PGDATABASE = 'template1'
    try {
      const other = sqlOf(`read=${postgres.url}`)
      const { rows } = await outputOf(other, 'read', 'select current_database()::text as name')
      expect(rows).toEqual([{ name: 'postgres' }])
      await other.close()
    } finally {
      delete process.env.PGDATABASE
    }
  })

  test('holds at most 8 connections, and none once closed', async () => {
    const other = sqlOf(`read=${postgres.url}?application_name=bounded`)
    const connections = async () => {
      const [row] = await postgres.admin<{ count: number }[]>`
        select count(*)::int as count from pg_stat_activity where application_name = 'bounded'`
      return row?.count
    }
    expect(await connections()).toBe(0)
    const contexts = Array.from({ length: 20 }, () => new TestContext())
    const results = contexts.map((context) => run(other, 'read', 'select pg_sleep(60)', {}, context))
    await until(async () => (await connections()) === 8)
    expect((await running()).length).toBeLessThanOrEqual(8)
    for (const context of contexts) context.controller.abort()
    await Promise.all(results)
    await other.close()
    await until(async () => (await connections()) === 0)
  })
})
