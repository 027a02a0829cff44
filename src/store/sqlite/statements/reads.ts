import { and, asc, eq, gt, gte, inArray, lt, type SQL, sql } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { largestEventOutput } from '../../../job/events.ts'
import { codeOf } from '../rows.ts'
import { failures, queues, tasks } from '../schema.ts'
import { atMost, inState, literal, missed, numeric, textual } from './given.ts'

/** Without what it was submitted with, which may be as large as all that came of it; and with the number of its queue. */
const shown = {
  index: tasks.index,
  state: tasks.state,
  kind: tasks.kind,
  queue: tasks.queue,
  attempt: tasks.attempt,
  seq: tasks.seq,
  runAt: tasks.runAt,
  startedAt: tasks.startedAt,
  finishedAt: tasks.finishedAt,
  key: tasks.key,
  output: tasks.output,
  error: tasks.error,
}
const whole = { ...shown, queue: queues.name, options: tasks.options, input: tasks.input }

/** What shows a job's tasks to the world. */
export const readStatements = (db: BunSQLiteDatabase) => {
  const found = (where: SQL | undefined) =>
    db
      .select(whole)
      .from(tasks)
      .innerJoin(queues, eq(queues.number, tasks.queue))
      .where(and(eq(tasks.job, numeric('job')), where))
  const shownOf = (where: SQL | undefined) =>
    db
      .select(shown)
      .from(tasks)
      .where(and(eq(tasks.job, numeric('job')), where))
  const inWindow = and(gte(tasks.index, numeric('from')), lt(tasks.index, numeric('until')))
  const page = (where?: SQL) => shownOf(and(inWindow, where)).orderBy(asc(tasks.index)).limit(atMost('limit'))
  /**
   * By way of the small index that lists a state. Asked for whole rows, SQLite prefers the primary key, which holds
   * them, and reads a million tasks that ended to find the few that did not.
   */
  const listed = (where: SQL | undefined) => {
    const indexes = db
      .select({ index: tasks.index })
      .from(tasks)
      .where(and(eq(tasks.job, numeric('job')), inWindow, where))
      .orderBy(asc(tasks.index))
      .limit(atMost('limit'))
    return shownOf(inArray(tasks.index, indexes)).orderBy(asc(tasks.index))
  }

  const changed = () =>
    db
      .select({
        index: tasks.index,
        key: tasks.key,
        state: tasks.state,
        attempt: tasks.attempt,
        seq: tasks.seq,
        runAt: tasks.runAt,
        output: sql<
          string | null
        >`case when octet_length(${tasks.output}) <= ${literal(largestEventOutput)} then ${tasks.output} end`,
        outputBytes: sql<number | null>`octet_length(${tasks.output})`,
        error: tasks.error,
      })
      .from(tasks)

  return {
    taskByIndex: found(eq(tasks.index, numeric('index'))),
    taskByKey: found(sql`${tasks.key} is not null and ${tasks.key} = ${textual('key')}`),
    outputOf: db
      .select({ output: tasks.output })
      .from(tasks)
      .where(and(eq(tasks.job, numeric('job')), eq(tasks.index, numeric('index')))),
    /** Those whose keys lie between two texts, in the order of these. */
    tasksByKeys: found(
      sql`${tasks.key} is not null and ${tasks.key} > ${textual('after')} and ${tasks.key} < ${textual('until')}`,
    )
      .orderBy(asc(tasks.key))
      .limit(atMost('limit')),
    tasks: page(),
    tasksIn: {
      blocked: listed(inState('blocked')),
      queued: page(inState('queued')),
      running: listed(inState('running')),
      succeeded: page(inState('succeeded')),
      failed: listed(and(missed, inState('failed'))),
      cancelled: listed(and(missed, inState('cancelled'))),
    },
    failures: db
      .select()
      .from(failures)
      .where(and(eq(failures.job, numeric('job')), eq(failures.index, numeric('index'))))
      .orderBy(asc(failures.attempt)),
    /** The log of what does not run now: ends, and returns to the queue. */
    changes: changed()
      .where(
        and(
          eq(tasks.job, numeric('job')),
          // Before the condition of the index: of two bounds SQLite takes the first, and from 0 it would read all that came before.
          gt(tasks.seq, numeric('after')),
          sql`${tasks.seq} > 0 and ${tasks.state} <> ${literal(codeOf('running'))}`,
        ),
      )
      .orderBy(asc(tasks.seq))
      .limit(atMost('limit')),
    /** What runs now, which is never much; see the index of the log. */
    runningChanges: changed().where(
      and(eq(tasks.job, numeric('job')), inState('running'), sql`${tasks.seq} > ${numeric('after')}`),
    ),
  }
}
