import { and, desc, eq, lt, sql } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import type { JobQuery } from '../store.ts'
import { jobs, labels } from './schema.ts'

/** Jobs, newest first, one more than the limit; each filter has an index that ends in the job's number. */
export const findJobs = (db: BunSQLiteDatabase, query: JobQuery) => {
  const conditions = and(
    query.before === undefined ? undefined : lt(jobs.number, query.before),
    query.state === undefined ? undefined : eq(jobs.state, query.state),
    query.name === undefined ? undefined : and(eq(jobs.name, query.name), sql`${jobs.name} is not null`),
  )
  if (query.label === undefined)
    return db
      .select()
      .from(jobs)
      .where(conditions)
      .orderBy(desc(jobs.number))
      .limit(query.limit + 1)
      .all()

  const [name, value] = query.label
  return db
    .select({ jobs })
    .from(labels)
    .innerJoin(jobs, eq(jobs.number, labels.job))
    .where(and(eq(labels.name, name), eq(labels.value, value), conditions))
    .orderBy(desc(labels.job))
    .limit(query.limit + 1)
    .all()
    .map((row) => row.jobs)
}
