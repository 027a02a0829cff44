import { and, eq, sql } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { edges, failures, purges, tasks } from '../schema.ts'
import { given, literal, numeric, only } from './given.ts'

/** How many bytes of outputs a step removes before it ends. */
const mostPurged = 8 * 1024 * 1024

/** The tasks of deleted jobs, removed from the lowest index up, a bounded number at a time. */
export const purgeStatements = (db: BunSQLiteDatabase) => ({
  insertPurge: db.insert(purges).values({ job: sql.placeholder('job') }),
  nextPurge: db.select().from(purges).where(sql`${purges.job} > 0`).limit(only(1)),
  deletePurge: db.delete(purges).where(eq(purges.job, given('job'))),
  /** How far a step goes: `count` of the first tasks, which is less than there are to see if their outputs are large. */
  lastToPurge: db
    .select({
      last: sql<number | null>`max(case when before < ${literal(mostPurged)} then idx end)`,
      count: sql<number>`count(case when before < ${literal(mostPurged)} then 1 end)`,
      seen: sql<number>`count(*)`,
    })
    .from(
      sql`(select idx, sum(size) over (order by idx rows unbounded preceding) - size as before from
        (select idx, coalesce(octet_length(output), 0) as size from sheaf_tasks
          where job = ${numeric('job')} order by idx limit ${numeric('limit')}))`,
    ),
  purgeTasks: db
    .delete(tasks)
    .where(and(eq(tasks.job, given('job')), sql`${tasks.index} <= ${sql.placeholder('last')}`)),
  purgeEdges: db
    .delete(edges)
    .where(and(eq(edges.job, given('job')), sql`${edges.task} <= ${sql.placeholder('last')}`)),
  purgeFailures: db
    .delete(failures)
    .where(and(eq(failures.job, given('job')), sql`${failures.index} <= ${sql.placeholder('last')}`)),
})
