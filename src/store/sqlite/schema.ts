import { sql } from 'drizzle-orm'
import { integer, primaryKey, text } from 'drizzle-orm/sqlite-core'
import type { Mode } from '../../job/modes.ts'
import type { EndedState, JobState } from '../../job/state.ts'
import type { MissedPolicy, OverlapPolicy } from '../schedule.ts'
import { index, sqliteTable, uniqueIndex } from './names.ts'

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
    /** When a job that is not sealed is sealed, unless tasks come before. */
    sealAt: integer('seal_at'),
    sealTimeoutMs: integer('seal_timeout_ms'),

    /** When a scheduled job starts; null once it is scheduled no more. */
    runAt: integer('run_at'),
    uniqueKey: text('unique_key'),
    /** Whose it is, for quotas; empty for nobody's. */
    owner: text().notNull(),
    /** The schedule that made it. */
    schedule: text(),
    /** Who is told of it, as JSON. */
    webhook: text(),
    /** Of an endpoint of webhooks, its URL: then its tasks are what is delivered there, and it never ends. */
    endpoint: text(),

    /** Whether it may claim, and one of its lanes is ready: it takes turns with all others that are. */
    ready: integer({ mode: 'boolean' }).notNull(),
    /** Stride scheduling: the ready job with the lowest pass is next, and moves back by what it claimed. */
    pass: integer().notNull(),
  },
  (table) => [
    uniqueIndex('jobs_by_id').on(table.id),
    index('jobs_by_state').on(table.state, table.number),
    index('jobs_by_name').on(table.name, table.number).where(sql`name is not null`),
    index('jobs_in_turn').on(table.pass, table.number).where(sql`ready = 1`),
    index('jobs_to_start').on(table.runAt).where(sql`run_at is not null`),
    index('jobs_by_unique_key').on(table.uniqueKey, table.number).where(sql`unique_key is not null`),
    index('jobs_by_schedule').on(table.schedule, table.number).where(sql`schedule is not null`),
    index('jobs_to_stop').on(table.deadlineAt).where(sql`deadline_at is not null and outcome is null`),
    index('jobs_to_seal').on(table.sealAt).where(sql`seal_at is not null`),
    index('jobs_to_expire').on(table.expiresAt).where(sql`expires_at is not null`),
    // The deliveries of an endpoint that is disabled, too.
    index('jobs_to_sweep')
      .on(table.number)
      .where(
        sql`(state = 'stopping' or (state = 'paused' and endpoint is not null)) and blocked + queued > 0`,
      ),
    index('jobs_that_are_endpoints').on(table.id).where(sql`endpoint is not null`),
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
    index('tasks_due')
      .on(table.job, table.queue, table.runAt, table.index)
      .where(sql`state = 1 and rescues < 2`),
    index('tasks_suspect').on(table.job, table.runAt, table.index).where(sql`state = 1 and rescues >= 2`),
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

/**
 * The queued tasks of one job in one queue, while there are any: what a claim looks at instead of the tasks. A lane whose
 * queue has no room is parked, where it costs nobody anything, until the queue opens again.
 */
export const lanes = sqliteTable(
  'lanes',
  {
    job: integer().notNull(),
    queue: integer().notNull(),
    /** When the first of its tasks is due. */
    dueAt: integer('due_at').notNull(),
    /** Whether that time has come, and it is not parked. */
    ready: integer({ mode: 'boolean' }).notNull(),
    parked: integer({ mode: 'boolean' }).notNull(),
    /** The lanes of a job take turns: the seq that the job had when this one was served last. */
    turn: integer().notNull(),
    /** So do the lanes of a queue, when parked: stride scheduling as between jobs. */
    pass: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.job, table.queue] }),
    index('lanes_in_turn').on(table.job, table.turn, table.queue).where(sql`ready = 1`),
    index('lanes_to_wake').on(table.dueAt).where(sql`ready = 0 and parked = 0`),
    index('lanes_parked').on(table.queue, table.pass, table.job).where(sql`parked = 1`),
  ],
)

/** Queue names, so that a task's row holds a small number instead of a host name; and how many tasks wait in each. */
export const queues = sqliteTable(
  'queues',
  {
    number: integer().primaryKey({ autoIncrement: true }),
    name: text().notNull(),
    queued: integer().notNull(),
    blocked: integer().notNull(),
  },
  (table) => [
    uniqueIndex('queues_by_name').on(table.name),
    index('queues_waiting').on(table.name).where(sql`queued + blocked > 0`),
  ],
)

/** What was set for a queue or a pattern of names, as JSON. */
export const limits = sqliteTable('limits', {
  name: text().primaryKey(),
  limits: text().notNull(),
  pausedAt: integer('paused_at'),
  updatedAt: integer('updated_at').notNull(),
})

/** What flow control knows of a queue and has to know after a restart, as JSON. */
export const queueStates = sqliteTable('queue_states', {
  queue: text().primaryKey(),
  state: text().notNull(),
})

/** The starts of queues that have a rate, so that a restart does not give them a second one. */
export const starts = sqliteTable(
  'starts',
  {
    queue: text().notNull(),
    bucket: integer().notNull(),
    count: integer().notNull(),
    at: integer(),
  },
  (table) => [primaryKey({ columns: [table.queue, table.bucket] })],
)

/** How many tasks wait, blocked ones included, of the jobs of each owner. */
export const owners = sqliteTable('owners', { id: text().primaryKey(), waiting: integer().notNull() })

/** Idempotency keys. They outlive their job, so that a request that comes again does not make another. */
export const keys = sqliteTable(
  'keys',
  {
    key: text().primaryKey(),
    /** Null while the request still comes in. */
    digest: text(),
    jobId: text('job_id').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('keys_to_forget').on(table.expiresAt)],
)

export const labels = sqliteTable(
  'labels',
  { name: text().notNull(), value: text().notNull(), job: integer().notNull() },
  (table) => [
    primaryKey({ columns: [table.name, table.value, table.job] }),
    index('labels_by_job').on(table.job),
  ],
)

/** Jobs that an app submits within transactions of its own, as JSON, until they are taken in. */
export const outbox = sqliteTable('outbox', {
  id: integer().primaryKey({ autoIncrement: true }),
  job: text().notNull(),
})

/** Jobs that were deleted and whose tasks are still to be removed, a step at a time. */
export const purges = sqliteTable('purges', { job: integer().primaryKey() })

/** Jobs that are submitted again and again: what to submit, and when. */
export const schedules = sqliteTable(
  'schedules',
  {
    id: text().primaryKey(),
    name: text(),
    cron: text().notNull(),
    timeZone: text('time_zone').notNull(),
    missed: text().$type<MissedPolicy>().notNull(),
    overlap: text().$type<OverlapPolicy>().notNull(),
    job: text().notNull(),
    owner: text(),
    pausedAt: integer('paused_at'),
    /** The tick that it stands at: what makes a job of it moves it on in the same commit. */
    nextAt: integer('next_at'),
    lastAt: integer('last_at'),
    lastJob: text('last_job'),
    lastSkip: text('last_skip'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [index('schedules_due').on(table.nextAt, table.id).where(sql`next_at is not null`)],
)
