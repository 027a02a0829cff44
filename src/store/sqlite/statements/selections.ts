import { and, asc, eq, gte, sql } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { jobs, labels } from '../schema.ts'
import { numeric, only, textual } from './given.ts'

/** SQLite's own: the highest number that a table ever gave, for each table that gives none twice. */
const sequences = sqliteTable('sqlite_sequence', { name: text(), seq: integer().notNull() })

/** The next job, by number, of each of the lists that a selection is where they meet: see `findSelected`. */
export const selectionStatements = (db: BunSQLiteDatabase) => ({
  nextNamed: db
    .select({ number: jobs.number })
    .from(jobs)
    .where(
      and(sql`${jobs.name} is not null`, eq(jobs.name, textual('name')), gte(jobs.number, numeric('from'))),
    )
    .orderBy(asc(jobs.number))
    .limit(only(1)),
  nextLabelled: db
    .select({ number: labels.job })
    .from(labels)
    .where(
      and(
        eq(labels.name, textual('name')),
        eq(labels.value, textual('value')),
        gte(labels.job, numeric('from')),
      ),
    )
    .orderBy(asc(labels.job))
    .limit(only(1)),
  nextInState: db
    .select({ number: jobs.number })
    .from(jobs)
    .where(and(eq(jobs.state, textual('state')), gte(jobs.number, numeric('from'))))
    .orderBy(asc(jobs.number))
    .limit(only(1)),
  lastJob: db.select({ number: sequences.seq }).from(sequences).where(eq(sequences.name, sql`'sheaf_jobs'`)),
})
