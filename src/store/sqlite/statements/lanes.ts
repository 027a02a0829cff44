import { and, asc, eq, lte, sql } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { lanes } from '../schema.ts'
import { atMost, given, numeric, only } from './given.ts'

const { placeholder } = sql

const thisLane = and(eq(lanes.job, given('job')), eq(lanes.queue, given('queue')))
const isReady = sql`${lanes.ready} = 1`
const isParked = sql`${lanes.parked} = 1`
const sleeps = sql`${lanes.ready} = 0 and ${lanes.parked} = 0`

/** Which lane is next: of a job, of a queue, in time. Each reads one partial index. */
export const laneStatements = (db: BunSQLiteDatabase) => ({
  saveLane: db
    .insert(lanes)
    .values({
      job: placeholder('job'),
      queue: placeholder('queue'),
      dueAt: placeholder('dueAt'),
      ready: placeholder('ready'),
      parked: placeholder('parked'),
      turn: placeholder('turn'),
      pass: placeholder('pass'),
    })
    .onConflictDoUpdate({
      target: [lanes.job, lanes.queue],
      set: {
        dueAt: sql`excluded.due_at`,
        ready: sql`excluded.ready`,
        parked: sql`excluded.parked`,
        turn: sql`excluded.turn`,
        pass: sql`excluded.pass`,
      },
    }),
  deleteLane: db.delete(lanes).where(thisLane),
  deleteLanes: db.delete(lanes).where(eq(lanes.job, given('job'))),
  lane: db.select().from(lanes).where(thisLane),
  lanesInTurn: db
    .select()
    .from(lanes)
    .where(and(isReady, eq(lanes.job, numeric('job'))))
    .orderBy(asc(lanes.turn), asc(lanes.queue))
    .limit(atMost('limit')),
  lanesToWake: db
    .select()
    .from(lanes)
    .where(and(sleeps, lte(lanes.dueAt, numeric('now'))))
    .orderBy(asc(lanes.dueAt))
    .limit(atMost('limit')),
  nextToWake: db
    .select({ at: lanes.dueAt })
    .from(lanes)
    .where(sleeps)
    .orderBy(asc(lanes.dueAt))
    .limit(only(1)),
  lanesParked: db
    .select()
    .from(lanes)
    .where(and(isParked, eq(lanes.queue, numeric('queue'))))
    .orderBy(asc(lanes.pass), asc(lanes.job))
    .limit(atMost('limit')),
  /** Whatever its queue, as when a server starts that knows of no queue yet. */
  anyParked: db.select().from(lanes).where(isParked).limit(atMost('limit')),
})
