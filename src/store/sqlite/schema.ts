import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import type { Mode } from '../../job/modes.ts'
import type { EndedState, JobState } from '../../job/state.ts'

/**
 * One row a job, one row a task. A task's row is all there is of it: state, input, output. It is found by (job, index),
 * and stands in at most two small indexes at a time: what waits, what runs, what missed; and the log, by seq.
 *
 * Measured on 200,000 tasks, insert → claim → settle, 256 a commit, FULL: one table with input and output in the row 183k tasks/s;
 * output in a table of its own 156k; input as well 138k. Rows that grow by an output of 250 bytes are settled 12 % faster with
 * row ids than without. drizzle cannot say `without rowid`, so the migration says it for failures, labels and edges.
 */
export const jobs = sqliteTable(
  'jobs',
  {
    number: integer().primaryKey({ autoIncrement: true }),
    id: text().notNull(),
    name: text(),
    state: text().$type<JobState>().notNull(),
    mode: text().$type<Mode>().notNull(),
    tolerate: text().notNull(),
    quorum: integer().notNull(),
    outcome: text().$type<EndedState>(),
    decidedBy: integer('decided_by'),
    error: text(),

    total: integer().notNull(),
    blocked: integer().notNull(),
    queued: integer().notNull(),
    running: integer().notNull(),
    succeeded: integer().notNull(),
    failed: integer().notNull(),
    cancelled: integer().notNull(),

    sealed: integer({ mode: 'boolean' }).notNull(),
    seq: integer().notNull(),
    concurrency: integer(),
    priority: integer().notNull(),
    labels: text().notNull(),
    defaults: text().notNull(),
    template: text(),
    /** Whether tasks of it wait for others: whether an end has to look for dependants. */
    linked: integer({ mode: 'boolean' }).notNull(),

    createdAt: integer('created_at').notNull(),
    startedAt: integer('started_at'),
    finishedAt: integer('finished_at'),
    timeoutMs: integer('timeout_ms'),
    deadlineAt: integer('deadline_at'),
    keepMs: integer('keep_ms'),
    expiresAt: integer('expires_at'),
    idempotencyKey: text('idempotency_key'),
    idempotencyDigest: text('idempotency_digest'),

    /** When its next queued task is due; null while it may not claim (nothing queued, paused, at its concurrency). */
    dueAt: integer('due_at'),
    /** Whether `dueAt` has come: the job takes turns with all others that are ready. */
    ready: integer({ mode: 'boolean' }).notNull(),
    /** Stride scheduling: the ready job with the lowest pass is next, and moves back by what it claimed. */
    pass: integer().notNull(),
  },
  (table) => [
    uniqueIndex('jobs_by_id').on(table.id),
    uniqueIndex('jobs_by_idempotency_key').on(table.idempotencyKey).where(sql`idempotency_key is not null`),
    index('jobs_by_state').on(table.state, table.number),
    index('jobs_by_name').on(table.name, table.number).where(sql`name is not null`),
    index('jobs_in_turn').on(table.pass, table.number).where(sql`ready = 1`),
    index('jobs_to_wake').on(table.dueAt).where(sql`ready = 0 and due_at is not null`),
    index('jobs_to_stop').on(table.deadlineAt).where(sql`deadline_at is not null and outcome is null`),
    index('jobs_to_expire').on(table.expiresAt).where(sql`expires_at is not null`),
    index('jobs_to_sweep').on(table.number).where(sql`state = 'stopping' and blocked + queued > 0`),
  ],
)

export const tasks = sqliteTable(
  'tasks',
  {
    job: integer().notNull(),
    index: integer('idx').notNull(),
    /** The position of the state's name in `taskStates`. */
    state: integer().notNull(),
    kind: text().notNull(),
    queue: integer().notNull(),
    attempt: integer().notNull(),
    /** Attempts that failed, since the task was submitted or revived. */
    failures: integer().notNull(),
    rescues: integer().notNull(),
    /** How long it was snoozed, in all, since it was submitted or revived. */
    waitedMs: integer('waited_ms').notNull(),
    /** How many of the tasks that it comes after have yet to end as it needs them to. */
    waiting: integer().notNull(),
    seq: integer().notNull(),
    runAt: integer('run_at').notNull(),
    startedAt: integer('started_at'),
    finishedAt: integer('finished_at'),
    key: text(),
    options: text(),
    input: text().notNull(),
    output: text(),
    error: text(),
  },
  (table) => [
    primaryKey({ columns: [table.job, table.index] }),
    uniqueIndex('tasks_by_key').on(table.job, table.key).where(sql`key is not null`),
    index('tasks_blocked').on(table.job, table.index).where(sql`state = 0`),
    index('tasks_due').on(table.job, table.runAt, table.index).where(sql`state = 1`),
    index('tasks_running').on(table.job, table.index).where(sql`state = 2`),
    index('tasks_missed').on(table.job, table.state, table.index).where(sql`state >= 4`),
    // Without what runs, which is little and has an index of its own: so a task enters the log once, not three times.
    index('tasks_log').on(table.job, table.seq).where(sql`seq > 0 and state <> 2`),
  ],
)

/** Each failed attempt, kept beside the task so that the task's row does not grow. */
export const failures = sqliteTable(
  'failures',
  {
    job: integer().notNull(),
    index: integer('idx').notNull(),
    attempt: integer().notNull(),
    startedAt: integer('started_at').notNull(),
    finishedAt: integer('finished_at').notNull(),
    error: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.job, table.index, table.attempt] })],
)

/** Which task waits for which: what an end has to look for. Only jobs that are `linked` have any. */
export const edges = sqliteTable(
  'edges',
  {
    job: integer().notNull(),
    task: integer().notNull(),
    dependant: integer().notNull(),
    /** Whether the dependant runs however the task ended. */
    always: integer({ mode: 'boolean' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.job, table.task, table.dependant] }),
    index('edges_by_dependant').on(table.job, table.dependant, table.task, table.always),
  ],
)

/** Queue names, so that a task's row holds a small number instead of a host name. */
export const queues = sqliteTable(
  'queues',
  { number: integer().primaryKey({ autoIncrement: true }), name: text().notNull() },
  (table) => [uniqueIndex('queues_by_name').on(table.name)],
)

export const labels = sqliteTable(
  'labels',
  { name: text().notNull(), value: text().notNull(), job: integer().notNull() },
  (table) => [
    primaryKey({ columns: [table.name, table.value, table.job] }),
    index('labels_by_job').on(table.job),
  ],
)

/** Jobs that were deleted and whose tasks are still to be removed, a step at a time. */
export const purges = sqliteTable('purges', { job: integer().primaryKey() })
