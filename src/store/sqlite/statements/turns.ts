import { and, asc, lte, sql } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { jobs } from '../schema.ts'
import { atMost, numeric, only } from './given.ts'

const scheduled = sql`${jobs.runAt} is not null`

/** Which job is next, and for what: to claim, to start, to stop, to sweep, to expire. Each reads one partial index. */
export const turnStatements = (db: BunSQLiteDatabase) => ({
  jobsInTurn: db
    .select()
    .from(jobs)
    .where(sql`${jobs.ready} = 1`)
    .orderBy(asc(jobs.pass), asc(jobs.number))
    .limit(atMost('limit')),
  jobsToStart: db
    .select()
    .from(jobs)
    .where(and(scheduled, lte(jobs.runAt, numeric('now'))))
    .orderBy(asc(jobs.runAt))
    .limit(atMost('limit')),
  jobsToStop: db
    .select()
    .from(jobs)
    .where(
      and(
        sql`${jobs.deadlineAt} is not null and ${jobs.outcome} is null`,
        lte(jobs.deadlineAt, numeric('now')),
      ),
    )
    .limit(atMost('limit')),
  // SQLite would rather read every stopping job, of which those that only wait for what runs are of no interest.
  nextToSweep: db
    .select()
    .from(jobs)
    .where(
      sql`${jobs.number} = (select number from sheaf_jobs indexed by sheaf_jobs_to_sweep where (state = 'stopping' or (state = 'paused' and endpoint is not null)) and blocked + queued > 0 limit 1)`,
    ),
  jobsToSeal: db
    .select()
    .from(jobs)
    .where(and(sql`${jobs.sealAt} is not null`, lte(jobs.sealAt, numeric('now'))))
    .limit(atMost('limit')),
  jobsToExpire: db
    .select()
    .from(jobs)
    .where(and(sql`${jobs.expiresAt} is not null`, lte(jobs.expiresAt, numeric('now'))))
    .limit(atMost('limit')),
  lowestPass: db
    .select({ pass: jobs.pass })
    .from(jobs)
    .where(sql`${jobs.ready} = 1`)
    .orderBy(asc(jobs.pass))
    .limit(only(1)),

  nextToStart: db
    .select({ at: jobs.runAt })
    .from(jobs)
    .where(scheduled)
    .orderBy(asc(jobs.runAt))
    .limit(only(1)),
  nextToStop: db
    .select({ at: jobs.deadlineAt })
    .from(jobs)
    .where(sql`${jobs.deadlineAt} is not null and ${jobs.outcome} is null`)
    .orderBy(asc(jobs.deadlineAt))
    .limit(only(1)),
  nextToSeal: db
    .select({ at: jobs.sealAt })
    .from(jobs)
    .where(sql`${jobs.sealAt} is not null`)
    .orderBy(asc(jobs.sealAt))
    .limit(only(1)),
  nextToExpire: db
    .select({ at: jobs.expiresAt })
    .from(jobs)
    .where(sql`${jobs.expiresAt} is not null`)
    .orderBy(asc(jobs.expiresAt))
    .limit(only(1)),
})
