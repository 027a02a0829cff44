import { Database } from 'bun:sqlite'
import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { Elysia, t } from 'elysia'
import { sql } from 'sheaf'
import { Id } from './id.ts'
import type { Setup } from './setup.ts'

const table = sqliteTable('items', {
  id: integer().primaryKey(),
  name: text().notNull(),
  cents: integer().notNull(),
})

/** Work with a database, and what is done when the app starts and stops: the `lifespan` of FastAPI. */
export const items = ({ plugin, database }: Setup) => {
  const client = new Database(database)
  const db = drizzle(client)
  return (
    new Elysia({ name: 'items', prefix: '/items' })
      .use(plugin)
      .onStart(() => {
        client.run('pragma busy_timeout = 5000')
        client.run('pragma journal_mode = wal')
        client.run(
          'create table if not exists items (id integer primary key, name text not null, cents integer not null)',
        )
      })
      .onStop(() => client.close())
      .get('/', () => db.select().from(table).limit(100).all())
      .get(
        '/:id',
        ({ params, status }) =>
          db.select().from(table).where(eq(table.id, params.id)).get() ??
          status(404, { detail: `There is no item ${params.id}.` }),
        { params: t.Object({ id: Id }) },
      )
      .post('/', ({ body, status }) => status(201, db.insert(table).values(body).returning().get()), {
        body: t.Object({ name: t.String({ minLength: 1 }), cents: t.Integer({ minimum: 0 }) }),
      })
      // A statement by key takes microseconds in this process; one that reads the whole table runs in a process of its own.
      .get('/total', async ({ sheaf }) => {
        const [{ rows }] = await sheaf.all([
          sql<{ items: number; cents: number }>(
            'shop',
            'select count(*) as items, total(cents) as cents from items',
          ),
        ])
        return rows[0]
      })
  )
}
