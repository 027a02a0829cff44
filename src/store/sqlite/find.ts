import { and, desc, eq, isNull, lt, sql } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import type { TaskState } from '../../job/state.ts'
import type { JobQuery, JobRecord, Page, TaskQuery } from '../store.ts'
import { jobs, labels } from './schema.ts'
import type { Statements } from './statements/index.ts'

/** Jobs, newest first, one more than the limit; each filter has an index that ends in the job's number. */
export const findJobs = (db: BunSQLiteDatabase, query: JobQuery) => {
  const conditions = and(
    lt(jobs.number, query.before ?? Number.MAX_SAFE_INTEGER),
    // Few, as each has all deliveries of its URL.
    isNull(jobs.endpoint),
    query.state === undefined ? undefined : eq(jobs.state, query.state),
    query.schedule === undefined
      ? undefined
      : and(eq(jobs.schedule, query.schedule), sql`${jobs.schedule} is not null`),
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

/** How many rows a page reads before it lets others run: about a millisecond. */
const windowSize = 10_000
/** Nearly every task is in one of these, so no index lists them, and a page of the last few would read the whole job. */
const unlisted: readonly (TaskState | undefined)[] = ['queued', 'succeeded']

/** A job's tasks in input order, at most `limit` of them. */
export const findTasks = async (
  statements: Statements,
  { number, counts }: JobRecord,
  { state, from = 0, limit }: TaskQuery,
) => {
  const statement = state === undefined ? statements.tasks : statements.tasksIn[state]
  const step = unlisted.includes(state) ? windowSize : counts.total
  const rows: ReturnType<typeof statement.all> = []
  for (let at = from; at < counts.total && rows.length < limit; at += step) {
    if (at > from) await new Promise((resolve) => setImmediate(resolve))
    rows.push(...statement.all({ job: number, from: at, until: at + step, limit: limit - rows.length }))
  }
  return rows
}

/** A page of at most `limit` of the items, of which one more than that may have been read. */
export const toPage = <T>(items: T[], limit: number, cursor: (next: T, last: T) => number): Page<T> => {
  const next = items[limit]
  const last = items[limit - 1]
  return {
    data: items.slice(0, limit),
    next: next === undefined || last === undefined ? undefined : cursor(next, last),
  }
}
