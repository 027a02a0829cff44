import { asc, eq, gt } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { outbox } from '../schema.ts'
import { atMost, given, numeric } from './given.ts'

/** What an app submits within its own transactions. */
export const outboxStatements = (db: BunSQLiteDatabase) => ({
  outboxAfter: db
    .select()
    .from(outbox)
    .where(gt(outbox.id, numeric('after')))
    .orderBy(asc(outbox.id))
    .limit(atMost('limit')),
  takeFromOutbox: db
    .delete(outbox)
    .where(eq(outbox.id, given('id')))
    .returning({ id: outbox.id }),
})
