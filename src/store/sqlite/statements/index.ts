import type { Database } from 'bun:sqlite'
import { type BunSQLiteDatabase, drizzle } from 'drizzle-orm/bun-sqlite'
import { compile, type Unwritten } from './compile.ts'
import { edgeStatements } from './edges.ts'
import { jobStatements } from './jobs.ts'
import { keyStatements } from './keys.ts'
import { laneStatements } from './lanes.ts'
import { newTaskStatements } from './new-tasks.ts'
import { outboxStatements } from './outbox.ts'
import { purgeStatements } from './purges.ts'
import { queueStatements } from './queues.ts'
import { readStatements } from './reads.ts'
import { scheduleStatements } from './schedules.ts'
import { selectionStatements } from './selections.ts'
import { taskStatements } from './tasks.ts'
import { turnStatements } from './turns.ts'
import { webhookStatements } from './webhooks.ts'

/** Every statement that runs more than once a request, prepared once; a test explains each and fails on a table scan. */
export const prepareStatements = (db: Database) => {
  const written = drizzle(new Paper() as unknown as Database)
  return { ...newTaskStatements(written, db), ...compileAll(db, writeStatements(written)) }
}

const writeStatements = (db: BunSQLiteDatabase) => ({
  ...jobStatements(db),
  ...turnStatements(db),
  ...taskStatements(db),
  ...laneStatements(db),
  ...keyStatements(db),
  ...queueStatements(db),
  ...edgeStatements(db),
  ...readStatements(db),
  ...selectionStatements(db),
  ...scheduleStatements(db),
  ...webhookStatements(db),
  ...outboxStatements(db),
  ...purgeStatements(db),
})

/** drizzle writes the statements, and SQLite prepares them, when they are first used: all of them at once would take a fifth of each start. */
class Paper {
  prepare(): undefined {}
}

type Compiled<T> = { [Name in keyof T]: T[Name] extends Unwritten<infer One> ? One : Compiled<T[Name]> }

const compileAll = <T extends object>(db: Database, statements: T): Compiled<T> =>
  Object.fromEntries(
    Object.entries(statements).map(([name, one]) => [
      name,
      'prepare' in one ? compile(one, db) : compileAll(db, one),
    ]),
  ) as Compiled<T>

export type Statements = ReturnType<typeof prepareStatements>
