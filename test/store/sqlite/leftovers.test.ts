import { afterAll, expect, test } from 'bun:test'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { SqliteStore } from '../../../src/store/sqlite/store.ts'
import { Driver, failed } from '../driver.ts'

const store = openSqlite({ file: ':memory:' })
afterAll(() => store.close())

test('a deleted job leaves no row behind in any table, but the names of its queues and owners', async () => {
  const s = new Driver(store)
  const pair = [{}, { after: [{ task: 0, on: 'ended' as const }] }]
  for (const tasks of [0, 1, 3_000, pair]) {
    const job = await s.submit({ name: 'n', labels: { team: 'growth', n: '1' }, tasks })
    await s.runAll(failed)
    await s.act('delete', job)
    await s.sweep()
  }
  if (!(store instanceof SqliteStore)) throw new Error('Expected a store on SQLite')
  const { db } = store
  const tables = db
    .query<{ name: string }, []>(
      "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'",
    )
    .all()
    .map(({ name }) => name)
  expect(tables).toContain('sheaf_edges')
  const kept = ['sheaf_queues', 'sheaf_owners', 'sheaf_schema']
  for (const table of tables.filter((name) => !kept.includes(name)))
    expect([table, db.query(`select count(*) as rows from ${table}`).get()]).toEqual([table, { rows: 0 }])
})
