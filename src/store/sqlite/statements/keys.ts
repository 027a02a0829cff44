import { and, asc, eq, lte, sql } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { keys } from '../schema.ts'
import { atMost, given, numeric } from './given.ts'

const { placeholder } = sql

/** Idempotency keys. */
export const keyStatements = (db: BunSQLiteDatabase) => ({
  keyByName: db
    .select()
    .from(keys)
    .where(eq(keys.key, given('key'))),
  insertKey: db.insert(keys).values({
    key: placeholder('key'),
    digest: placeholder('digest'),
    jobId: placeholder('jobId'),
    expiresAt: placeholder('expiresAt'),
  }),
  nameRequest: db
    .update(keys)
    .set({ digest: given('digest') })
    .where(and(eq(keys.key, given('key')), eq(keys.jobId, given('jobId')))),
  keysToForget: db
    .select({ key: keys.key })
    .from(keys)
    .where(lte(keys.expiresAt, numeric('now')))
    .orderBy(asc(keys.expiresAt))
    .limit(atMost('limit')),
  deleteKey: db.delete(keys).where(eq(keys.key, given('key'))),
})
