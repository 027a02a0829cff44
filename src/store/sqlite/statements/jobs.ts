import { and, desc, eq, sql } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { jobs, labels } from '../schema.ts'
import { atMost, given, textual } from './given.ts'

const { placeholder } = sql

/** The columns that a job takes along from its submission and never changes. */
const fixed = {
  id: placeholder('id'),
  name: placeholder('name'),
  mode: placeholder('mode'),
  tolerate: placeholder('tolerate'),
  quorum: placeholder('quorum'),
  concurrency: placeholder('concurrency'),
  priority: placeholder('priority'),
  labels: placeholder('labels'),
  defaults: placeholder('defaults'),
  template: placeholder('template'),
  createdAt: placeholder('createdAt'),
  timeoutMs: placeholder('timeoutMs'),
  keepMs: placeholder('keepMs'),
  idempotencyKey: placeholder('idempotencyKey'),
  sealTimeoutMs: placeholder('sealTimeoutMs'),
  uniqueKey: placeholder('uniqueKey'),
  owner: placeholder('owner'),
  schedule: placeholder('schedule'),
  webhook: placeholder('webhook'),
  endpoint: placeholder('endpoint'),
}

/** The columns that change: see `fromJob`. */
const changing = {
  state: given('state'),
  outcome: given('outcome'),
  decidedBy: given('decidedBy'),
  error: given('error'),
  total: given('total'),
  blocked: given('blocked'),
  queued: given('queued'),
  running: given('running'),
  succeeded: given('succeeded'),
  failed: given('failed'),
  cancelled: given('cancelled'),
  sealed: given('sealed'),
  seq: given('seq'),
  startedAt: given('startedAt'),
  finishedAt: given('finishedAt'),
  deadlineAt: given('deadlineAt'),
  expiresAt: given('expiresAt'),
  ready: given('ready'),
  pass: given('pass'),
  runAt: given('runAt'),
  sealAt: given('sealAt'),
  linked: given('linked'),
}

export const jobStatements = (db: BunSQLiteDatabase) => ({
  insertJob: db.insert(jobs).values({ ...fixed, ...changing }),
  saveJob: db
    .update(jobs)
    .set(changing)
    .where(eq(jobs.number, given('number'))),
  deleteJob: db.delete(jobs).where(eq(jobs.number, given('number'))),
  jobByNumber: db
    .select()
    .from(jobs)
    .where(eq(jobs.number, given('number'))),
  jobById: db
    .select()
    .from(jobs)
    .where(eq(jobs.id, given('id'))),
  /** The latest first. */
  jobsByUniqueKey: db
    .select()
    .from(jobs)
    .where(and(sql`${jobs.uniqueKey} is not null`, eq(jobs.uniqueKey, textual('key'))))
    .orderBy(desc(jobs.number))
    .limit(atMost('limit')),

  insertLabel: db
    .insert(labels)
    .values({ name: placeholder('name'), value: placeholder('value'), job: placeholder('job') }),
  deleteLabels: db.delete(labels).where(eq(labels.job, given('job'))),
})
