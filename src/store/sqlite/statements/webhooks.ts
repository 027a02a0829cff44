import { and, asc, eq, gt, sql } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { failures, jobs, tasks } from '../schema.ts'
import { atMost, given, numeric, textual } from './given.ts'

const thisTask = and(eq(tasks.job, given('job')), eq(tasks.index, given('index')))

/** Endpoints of webhooks, which are jobs, and deliveries, which are their tasks. */
export const webhookStatements = (db: BunSQLiteDatabase) => ({
  endpointsAfter: db
    .select()
    .from(jobs)
    .where(and(sql`${jobs.endpoint} is not null`, gt(jobs.id, textual('after'))))
    .orderBy(asc(jobs.id))
    .limit(atMost('limit')),
  /** From the lowest index up. */
  oldestDeliveries: db
    .select({ index: tasks.index, finishedAt: tasks.finishedAt })
    .from(tasks)
    .where(eq(tasks.job, numeric('job')))
    .orderBy(asc(tasks.index))
    .limit(atMost('limit')),
  forgetDelivery: db.delete(tasks).where(thisTask),
  forgetFailures: db
    .delete(failures)
    .where(and(eq(failures.job, given('job')), eq(failures.index, given('index')))),
})
