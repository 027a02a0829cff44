import { and, asc, eq, gt, inArray, lte, sql } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { codeOf } from '../rows.ts'
import { failures, tasks } from '../schema.ts'
import { atMost, given, inState, literal, mayTake, missed, numeric, only, textual } from './given.ts'

const { placeholder } = sql

const thisTask = and(eq(tasks.job, given('job')), eq(tasks.index, given('index')))
/** Only who holds the attempt can settle it. */
const held = and(thisTask, eq(tasks.attempt, given('attempt')), mayTake('succeed'))
/** A task during which the server died twice in a row of lives may be why: it is claimed apart from the others. */
const suspectFrom = literal(2)
const isSuspect = sql`${tasks.rescues} >= ${suspectFrom}`
const isPlain = sql`${tasks.rescues} < ${suspectFrom}`
const inLane = and(
  eq(tasks.job, numeric('job')),
  eq(tasks.queue, numeric('queue')),
  inState('queued'),
  isPlain,
)
/** What it takes to run a task. */
const claimable = {
  index: tasks.index,
  key: tasks.key,
  kind: tasks.kind,
  attempt: tasks.attempt,
  failures: tasks.failures,
  waitedMs: tasks.waitedMs,
  input: tasks.input,
  options: tasks.options,
}
/** What it takes to have it run again. */
const revivable = {
  index: tasks.index,
  queue: tasks.queue,
  key: tasks.key,
  state: tasks.state,
  attempt: tasks.attempt,
}
const spent = sql`${tasks.failures} + ${placeholder('spent')}`

/** What moves a task, one transition a statement. */
export const taskStatements = (db: BunSQLiteDatabase) => ({
  /** Of a job that starts as it is submitted. */
  insertStarted: db.insert(tasks).values({
    job: placeholder('job'),
    index: placeholder('index'),
    state: codeOf('running'),
    kind: placeholder('kind'),
    queue: placeholder('queue'),
    attempt: 1,
    failures: 0,
    rescues: 0,
    waitedMs: 0,
    waiting: 0,
    seq: placeholder('seq'),
    runAt: placeholder('now'),
    startedAt: placeholder('now'),
    key: placeholder('key'),
    options: placeholder('options'),
    input: placeholder('input'),
  }),

  taskState: db.select({ state: tasks.state }).from(tasks).where(thisTask),
  taskWithKey: db
    .select({ index: tasks.index })
    .from(tasks)
    .where(
      and(eq(tasks.job, numeric('job')), sql`${tasks.key} is not null and ${tasks.key} = ${textual('key')}`),
    ),

  nextDue: db
    .select({ runAt: tasks.runAt })
    .from(tasks)
    .where(inLane)
    .orderBy(asc(tasks.runAt), asc(tasks.index))
    .limit(only(1)),
  dueTasks: db
    .select(claimable)
    .from(tasks)
    .where(and(inLane, lte(tasks.runAt, numeric('now'))))
    .orderBy(asc(tasks.runAt), asc(tasks.index))
    .limit(atMost('limit')),
  suspects: db
    .select({ ...claimable, job: tasks.job, queue: tasks.queue })
    .from(tasks)
    .where(and(inState('queued'), isSuspect, lte(tasks.runAt, numeric('now'))))
    .orderBy(asc(tasks.job), asc(tasks.runAt), asc(tasks.index))
    .limit(atMost('limit')),
  nextSuspect: db
    .select({ at: sql<number | null>`min(${tasks.runAt})` })
    .from(tasks)
    .where(and(inState('queued'), isSuspect, gt(tasks.runAt, numeric('now')))),
  runningSuspect: db
    .select({ index: tasks.index })
    .from(tasks)
    .where(and(inState('running'), isSuspect))
    .limit(only(1)),
  suspectsOf: db
    .select({ index: tasks.index, queue: tasks.queue, key: tasks.key, attempt: tasks.attempt })
    .from(tasks)
    .where(and(inState('queued'), isSuspect, eq(tasks.job, numeric('job'))))
    .limit(atMost('limit')),
  claimTask: db
    .update(tasks)
    .set({ state: codeOf('running'), attempt: given('attempt'), seq: given('seq'), startedAt: given('now') })
    .where(and(thisTask, mayTake('claim'))),

  succeedTask: db
    .update(tasks)
    .set({
      state: codeOf('succeeded'),
      seq: given('seq'),
      finishedAt: given('now'),
      output: given('output'),
      error: null,
    })
    .where(held),
  missTask: db
    .update(tasks)
    .set({
      state: given('state'),
      seq: given('seq'),
      failures: spent,
      finishedAt: given('now'),
      error: given('error'),
    })
    .where(held),
  requeueTask: db
    .update(tasks)
    .set({
      state: codeOf('queued'),
      seq: given('seq'),
      failures: spent,
      rescues: sql`${tasks.rescues} + ${placeholder('rescued')}`,
      waitedMs: sql`${tasks.waitedMs} + ${placeholder('waited')}`,
      runAt: given('runAt'),
      error: given('error'),
    })
    .where(held),
  insertFailure: db.insert(failures).values({
    job: placeholder('job'),
    index: placeholder('index'),
    attempt: placeholder('attempt'),
    startedAt: placeholder('startedAt'),
    finishedAt: placeholder('now'),
    error: placeholder('error'),
  }),

  queuedTasks: db
    .select({ index: tasks.index, queue: tasks.queue, key: tasks.key, attempt: tasks.attempt })
    .from(tasks)
    .where(and(eq(tasks.job, numeric('job')), inState('queued'), isPlain))
    // In this order by the index of what is due: without it, by the primary key, past everything that ended.
    .orderBy(asc(tasks.queue), asc(tasks.runAt), asc(tasks.index))
    .limit(atMost('limit')),
  // By way of the small index that lists them: asked for more than it holds, SQLite prefers the primary key.
  blockedTasks: db
    .select({ index: tasks.index, queue: tasks.queue, key: tasks.key, attempt: tasks.attempt })
    .from(tasks)
    .where(
      and(
        eq(tasks.job, numeric('job')),
        inArray(
          tasks.index,
          db
            .select({ index: tasks.index })
            .from(tasks)
            .where(and(eq(tasks.job, numeric('job')), inState('blocked')))
            .limit(atMost('limit')),
        ),
      ),
    ),
  cancelTask: db
    .update(tasks)
    .set({
      state: codeOf('cancelled'),
      seq: given('seq'),
      finishedAt: given('now'),
      error: given('error'),
    })
    .where(and(thisTask, mayTake('cancel'))),

  missedTask: db.select(revivable).from(tasks).where(and(thisTask, missed)),
  missedTasks: db
    .select(revivable)
    .from(tasks)
    .where(and(eq(tasks.job, numeric('job')), missed))
    .limit(atMost('limit')),
  reviveTask: db
    .update(tasks)
    .set({
      state: codeOf('queued'),
      seq: given('seq'),
      failures: 0,
      rescues: 0,
      waitedMs: 0,
      runAt: given('now'),
      finishedAt: null,
      error: null,
    })
    .where(and(thisTask, mayTake('revive'))),

  runningTasks: db
    .select({
      job: tasks.job,
      index: tasks.index,
      queue: tasks.queue,
      key: tasks.key,
      attempt: tasks.attempt,
      rescues: tasks.rescues,
      runAt: tasks.runAt,
    })
    .from(tasks)
    .where(inState('running')),
})
