import { and, asc, count, eq, sql } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { codeOf } from '../rows.ts'
import { edges, tasks } from '../schema.ts'
import { given, inState, literal, mayTake, numeric } from './given.ts'

const { placeholder } = sql

const thisTask = and(eq(tasks.job, given('job')), eq(tasks.index, given('index')))

/** Which task waits for which. Only for jobs that are linked. */
export const edgeStatements = (db: BunSQLiteDatabase) => ({
  insertEdge: db.insert(edges).values({
    job: placeholder('job'),
    task: placeholder('task'),
    dependant: placeholder('dependant'),
    always: placeholder('always'),
  }),
  dependants: db
    .select({
      index: edges.dependant,
      always: edges.always,
      queue: tasks.queue,
      key: tasks.key,
      attempt: tasks.attempt,
      runAt: tasks.runAt,
      waiting: tasks.waiting,
    })
    .from(edges)
    .innerJoin(tasks, and(eq(tasks.job, edges.job), eq(tasks.index, edges.dependant)))
    .where(and(eq(edges.job, numeric('job')), eq(edges.task, numeric('task')), inState('blocked'))),
  dependencies: db
    .select({ task: edges.task, always: edges.always })
    .from(edges)
    .where(and(eq(edges.job, numeric('job')), eq(edges.dependant, numeric('index'))))
    .orderBy(asc(edges.task)),
  /** How many of the tasks that this one comes after have not ended as it needs them to. */
  unmet: db
    .select({ count: count() })
    .from(edges)
    .innerJoin(tasks, and(eq(tasks.job, edges.job), eq(tasks.index, edges.task)))
    .where(
      and(
        eq(edges.job, numeric('job')),
        eq(edges.dependant, numeric('index')),
        sql`not (${inState('succeeded')} or (${edges.always} and ${tasks.state} >= ${literal(codeOf('succeeded'))}))`,
      ),
    ),
  wantLess: db
    .update(tasks)
    .set({ waiting: sql`${tasks.waiting} - 1` })
    .where(thisTask),
  unblockTask: db
    .update(tasks)
    .set({ state: codeOf('queued'), waiting: 0, seq: given('seq'), runAt: given('runAt') })
    .where(and(thisTask, mayTake('unblock'))),
  blockTask: db
    .update(tasks)
    .set({ state: codeOf('blocked'), waiting: given('waiting'), seq: given('seq') })
    .where(and(thisTask, mayTake('block'))),
})
