import { afterAll, expect, test } from 'bun:test'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { SqliteStore } from '../../../src/store/sqlite/store.ts'
import { Driver, failed } from '../driver.ts'

const store = openSqlite({ file: ':memory:' })
afterAll(() => store.close())

test('a deleted job leaves no row behind in any table, but the names of its queues', async () => {
  const s = new Driver(store)
  for (const tasks of [0, 1, 3_000]) {
    const job = await s.submit({ name: 'n', labels: { team: 'growth', n: '1' }, tasks })
    await s.runAll(failed)
    await s.act('delete', job)
    await s.sweep()
  }
  if (!(store instanceof SqliteStore)) throw new Error('Expected a store on SQLite')
  const count = (table: string) => store.db.query(`select count(*) as rows from ${table}`).get()
  for (const table of ['jobs', 'tasks', 'failures', 'labels', 'purges'])
    expect([table, count(table)]).toEqual([table, { rows: 0 }])
})
