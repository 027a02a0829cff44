import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import { migrate } from '../../../src/store/sqlite/migrations.ts'
import { queues, tasks } from '../../../src/store/sqlite/schema.ts'
import { type Field, named } from '../../../src/store/sqlite/statements/named.ts'

const client = new Database(':memory:')
migrate(client)
const db = drizzle(client)

/** How a statement is written, and what SQLite calls its columns. */
const columnsOf = (statement: { getQuery(): { sql: string } }): string[] | undefined => {
  const fields: Field[] = Reflect.get(statement, 'fields')
  const renamed = named(statement.getQuery().sql, fields)
  return renamed === undefined ? undefined : client.prepare(renamed).columnNames
}

test('columns are named as they are called in the result', () => {
  expect(columnsOf(db.select({ index: tasks.index, runAt: tasks.runAt }).from(tasks).prepare())).toEqual([
    'index',
    'runAt',
  ])
})

test('so are those of two tables', () => {
  const joined = db
    .select({ queue: queues.name, startedAt: tasks.startedAt })
    .from(tasks)
    .innerJoin(queues, eq(queues.number, tasks.queue))
  expect(columnsOf(joined.prepare())).toEqual(['queue', 'startedAt'])
})

test('and those that a change returns', () => {
  const inserted = db
    .insert(queues)
    .values({ name: 'a', queued: 0, blocked: 0 })
    .returning({ id: queues.number })
  expect(columnsOf(inserted.prepare())).toEqual(['id'])
})

test('what is computed is left as it is', () => {
  const computed = db.select({ index: tasks.index, double: sql`${tasks.index} * 2` }).from(tasks)
  expect(columnsOf(computed.prepare())).toBeUndefined()
})
