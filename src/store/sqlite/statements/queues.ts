import { and, asc, eq, gt, lt, sql } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { limits, owners, queueStates, queues, starts } from '../schema.ts'
import { atMost, given, textual } from './given.ts'

const { placeholder } = sql

/** Queues: their names and numbers, what waits in them, what was set for them, what they did. */
export const queueStatements = (db: BunSQLiteDatabase) => ({
  queueByName: db
    .select()
    .from(queues)
    .where(eq(queues.name, given('name'))),
  queueByNumber: db
    .select({ name: queues.name })
    .from(queues)
    .where(eq(queues.number, given('number'))),
  insertQueue: db
    .insert(queues)
    .values({ name: placeholder('name'), queued: 0, blocked: 0 })
    .returning({ number: queues.number }),
  countQueue: db
    .update(queues)
    .set({
      queued: sql`${queues.queued} + ${placeholder('queued')}`,
      blocked: sql`${queues.blocked} + ${placeholder('blocked')}`,
    })
    .where(eq(queues.number, given('number'))),
  queuesWaiting: db
    .select({ name: queues.name, queued: queues.queued, blocked: queues.blocked })
    .from(queues)
    .where(and(sql`${queues.queued} + ${queues.blocked} > 0`, gt(queues.name, textual('after'))))
    .orderBy(asc(queues.name))
    .limit(atMost('limit')),

  limits: db.select().from(limits).orderBy(asc(limits.name)),
  limitsOf: db
    .select()
    .from(limits)
    .where(eq(limits.name, given('name'))),
  saveLimits: db
    .insert(limits)
    .values({
      name: placeholder('name'),
      limits: placeholder('limits'),
      pausedAt: placeholder('pausedAt'),
      updatedAt: placeholder('now'),
    })
    .onConflictDoUpdate({
      target: limits.name,
      set: {
        limits: sql`excluded.limits`,
        pausedAt: sql`excluded.paused_at`,
        updatedAt: sql`excluded.updated_at`,
      },
    }),
  deleteLimits: db.delete(limits).where(eq(limits.name, given('name'))),

  queueStates: db.select().from(queueStates).orderBy(asc(queueStates.queue)),
  saveQueueState: db
    .insert(queueStates)
    .values({ queue: placeholder('queue'), state: placeholder('state') })
    .onConflictDoUpdate({ target: queueStates.queue, set: { state: sql`excluded.state` } }),
  deleteQueueState: db.delete(queueStates).where(eq(queueStates.queue, given('queue'))),

  starts: db.select().from(starts).orderBy(asc(starts.queue), asc(starts.bucket)),
  countStarts: db
    .insert(starts)
    .values({
      queue: placeholder('queue'),
      bucket: placeholder('bucket'),
      count: placeholder('count'),
      at: null,
    })
    .onConflictDoUpdate({
      target: [starts.queue, starts.bucket],
      set: { count: sql`${starts.count} + excluded.count`, at: null },
    }),
  noteStarted: db
    .update(starts)
    .set({ at: given('at') })
    .where(and(eq(starts.queue, given('queue')), eq(starts.bucket, given('bucket')))),
  forgetStarts: db
    .delete(starts)
    .where(and(eq(starts.queue, given('queue')), lt(starts.bucket, placeholder('from')))),

  owners: db.select().from(owners).orderBy(asc(owners.id)),
  countOwner: db
    .insert(owners)
    .values({ id: placeholder('id'), waiting: placeholder('waiting') })
    .onConflictDoUpdate({ target: owners.id, set: { waiting: sql`${owners.waiting} + excluded.waiting` } }),
})
