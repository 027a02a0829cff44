import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import type { SqlKind } from '../../../src/kinds/sql.ts'
import { TestContext } from '../context.ts'
import { outputOf, run, sqlOf } from './ask.ts'
import { lengthy, MysqlServer, type Reply } from './mysql-server.ts'

const long = (value: bigint) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(value)
  return bytes
}
/** 2026-01-02, 03:04:05 */
const day = Buffer.from([4, 0xea, 7, 1, 2])
const moment = Buffer.from([7, 0xea, 7, 1, 2, 3, 4, 5])

const ids = (count: number): Reply => ({
  columns: [['id', 8]],
  rows: Array.from({ length: count }, (_, index) => [long(BigInt(index))]),
})

const replies: Record<string, Reply> = {
  'select * from things': {
    columns: [
      ['number', 8],
      ['big', 8],
      ['text', 253],
      ['blob', 252, true],
      ['date', 10],
      ['datetime', 12],
      ['timestamp', 7],
      ['decimal', 246],
      ['json', 245],
      ['null', 253],
    ],
    rows: [
      [
        long(5_000_000_000n),
        long(9007199254740993n),
        lengthy('Grüße'),
        lengthy(Buffer.from([0, 255])),
        day,
        moment,
        moment,
        lengthy('1.50'),
        lengthy('{"a":[1]}'),
        null,
      ],
    ],
  },
  'select id from things where id < ?': ids(3),
  'update things set id = ?': { affected: 3 },
  'insert into things values (1)': { error: [1062, '23000', "Duplicate entry '1' for key 'things.PRIMARY'"] },
  'select deadlock': { error: [1213, '40001', 'Deadlock found when trying to get lock'] },
  'select written()': { error: [1792, '25006', 'Cannot execute statement in a READ ONLY transaction.'] },
  'select sleep(60)': 'hang',
}

/** Against a scripted server: what is sent and how answers are read, not what MySQL makes of it. */
describe('a MySQL source', () => {
  let server: MysqlServer
  let sql: SqlKind
  beforeAll(() => {
    server = new MysqlServer((statement) => replies[statement])
    sql = sqlOf(`read=${server.url},write:rw=${server.url.replace('mysql', 'mariadb')}`)
  })
  afterAll(async () => {
    await sql.close()
    server[Symbol.dispose]()
  })
  beforeEach(() => void server.heard.splice(0))
  const statements = () =>
    server.heard.map(({ statement }) => statement).filter((text) => !/^SET time_zone/.test(text))

  test('returns values as JSON', async () => {
    expect(await outputOf(sql, 'read', 'select * from things')).toMatchObject({
      rows: [
        {
          number: 5_000_000_000,
          big: '9007199254740993',
          text: 'Grüße',
          blob: { base64: 'AP8=' },
          date: '2026-01-02',
          datetime: '2026-01-02T03:04:05.000',
          timestamp: '2026-01-02T03:04:05.000Z',
          decimal: '1.50',
          json: { a: [1] },
          null: null,
        },
      ],
      rowCount: 1,
    })
  })

  test('that is read-only begins a transaction and a session which are, and undoes what was done', async () => {
    expect(
      (await outputOf(sql, 'read', 'select id from things where id < ?', { params: [3] })).rowCount,
    ).toBe(3)
    expect(statements()).toEqual([
      'set session transaction read only',
      'set session sql_select_limit = 1001',
      'start transaction read only',
      'select connection_id() as id',
      'select id from things where id < ?',
      'rollback',
    ])
  })

  test('that may write commits', async () => {
    expect(await outputOf(sql, 'write', 'update things set id = ?', { params: [1] })).toEqual({
      columns: [],
      rows: [],
      rowCount: 3,
    })
    expect(statements()).toEqual([
      'set session transaction read write',
      'set session sql_select_limit = default',
      'start transaction read write',
      'select connection_id() as id',
      'update things set id = ?',
      'commit',
    ])
  })

  test('sends a query as a prepared statement, which the server takes for one only, even without parameters', async () => {
    await run(sql, 'read', 'select 1; drop table things')
    await run(sql, 'write', 'select 1; drop table things')
    const sent = server.heard.filter(({ statement }) => statement.includes('drop'))
    expect(sent).toMatchObject([
      { how: 'prepared', statement: 'select 1; drop table things' },
      { how: 'prepared', statement: 'select 1; drop table things' },
    ])
  })

  test.each([
    'insert into things values (1)',
    'set global read_only = 0',
    'call empty()',
    'flush tables',
    'commit',
    '/*!50000 drop table things */',
    '/*M! drop table things */ select 1',
    'load data infile "x" into table things',
  ])('that is read-only does not send: %s', async (query) => {
    expect(await run(sql, 'read', query)).toMatchObject({
      error: { code: 'sql_refused', message: expect.stringContaining('read-only') },
      retryable: false,
    })
    expect(statements()).not.toContain(query)
  })

  test('says what the server says', async () => {
    expect(await run(sql, 'write', 'insert into things values (1)')).toEqual({
      type: 'failed',
      error: {
        code: 'sql_failed',
        message: `The query failed on "write": Duplicate entry '1' for key 'things.PRIMARY'.`,
        details: { databaseCode: '1062', sqlState: '23000' },
      },
      retryable: false,
    })
    expect(statements().at(-1)).toBe('rollback')
    expect(await run(sql, 'read', 'select written()')).toMatchObject({
      error: { code: 'sql_refused', details: { databaseCode: '1792' } },
      retryable: false,
    })
    expect(await run(sql, 'write', 'select deadlock')).toMatchObject({
      error: { code: 'sql_failed', details: { databaseCode: '1213' } },
      retryable: true,
    })
  })

  test('keeps the caps', async () => {
    const query = 'select id from things where id < ?'
    for (const more of [{ maxRows: 2 }, { maxBytes: 20 }])
      expect(await run(sql, 'read', query, { params: [3], ...more })).toMatchObject({
        error: { code: 'too_many_rows', details: more },
      })
  })

  test('that is aborted ends its connection over another connection', async () => {
    const context = new TestContext()
    const result = run(sql, 'read', 'select sleep(60)', {}, context)
    const { connection } = await server.hears(/sleep/)
    context.controller.abort()
    expect(await result).toMatchObject({ type: 'failed' })
    const kill = await server.hears(/^kill/)
    expect(kill.statement).toBe(`kill connection ${connection}`)
    expect(kill.connection).not.toBe(connection)
    expect(
      (await outputOf(sql, 'read', 'select id from things where id < ?', { params: [3] })).rowCount,
    ).toBe(3)
  })

  test('that cannot be reached is worth another attempt', async () => {
    const other = sqlOf('read=mysql://user:mysql-secret-52b8@127.0.0.1:1/app')
    const result = await run(other, 'read', 'select 1')
    expect(result).toMatchObject({ error: { code: 'connect_failed' }, retryable: true })
    expect(JSON.stringify(result)).not.toMatch(/secret|127\.0\.0\.1/)
    await other.close()
  })
})
