import { and, asc, eq, gt, lte, sql } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { schedules } from '../schema.ts'
import { atMost, given, numeric, textual } from './given.ts'

const { placeholder } = sql

/** What a schedule is told to do. */
const told = {
  name: given('name'),
  cron: given('cron'),
  timeZone: given('timeZone'),
  missed: given('missed'),
  overlap: given('overlap'),
  job: given('job'),
  owner: given('owner'),
  pausedAt: given('pausedAt'),
  updatedAt: given('updatedAt'),
}

/** Which moments it stands for; in a `set`, columns are what they were before. */
const ticksAsBefore = sql`${schedules.nextAt} is not null and ${placeholder('nextAt')} is not null
  and ${schedules.cron} = ${placeholder('cron')} and ${schedules.timeZone} = ${placeholder('timeZone')}`

const stillAt = and(eq(schedules.id, given('id')), eq(schedules.nextAt, given('at')))

export const scheduleStatements = (db: BunSQLiteDatabase) => ({
  scheduleById: db
    .select()
    .from(schedules)
    .where(eq(schedules.id, given('id'))),
  schedulesAfter: db
    .select()
    .from(schedules)
    .where(gt(schedules.id, textual('after')))
    .orderBy(asc(schedules.id))
    .limit(atMost('limit')),
  schedulesDue: db
    .select()
    .from(schedules)
    .where(and(sql`${schedules.nextAt} is not null`, lte(schedules.nextAt, numeric('now'))))
    .orderBy(asc(schedules.nextAt), asc(schedules.id))
    .limit(atMost('limit')),

  insertSchedule: db
    .insert(schedules)
    .values({
      id: placeholder('id'),
      ...told,
      nextAt: placeholder('nextAt'),
      lastAt: placeholder('lastAt'),
      lastJob: placeholder('lastJob'),
      lastSkip: placeholder('lastSkip'),
      createdAt: placeholder('createdAt'),
    })
    .onConflictDoNothing()
    .returning({ id: schedules.id }),
  changeSchedule: db
    .update(schedules)
    .set({
      ...told,
      nextAt: sql`case when ${ticksAsBefore} then ${schedules.nextAt} else ${placeholder('nextAt')} end`,
    })
    .where(and(eq(schedules.id, given('id')), eq(schedules.updatedAt, given('was'))))
    .returning({ id: schedules.id }),
  deleteSchedule: db
    .delete(schedules)
    .where(eq(schedules.id, given('id')))
    .returning({ id: schedules.id }),

  takeTick: db
    .update(schedules)
    .set({ nextAt: given('nextAt'), lastAt: given('now'), lastJob: given('job'), lastSkip: null })
    .where(stillAt)
    .returning({ id: schedules.id }),
  skipTick: db
    .update(schedules)
    .set({ nextAt: given('nextAt'), lastAt: given('now'), lastSkip: given('why') })
    .where(stillAt)
    .returning({ id: schedules.id }),
  noteRun: db
    .update(schedules)
    .set({ lastAt: given('now'), lastJob: given('job'), lastSkip: null })
    .where(eq(schedules.id, given('id')))
    .returning({ id: schedules.id }),
})
