import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { compile } from './compile.ts'
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
export const prepareStatements = (db: BunSQLiteDatabase) => ({
  ...newTaskStatements(db),
  ...compileAll({
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
  }),
})

const compileAll = <T extends object>(statements: T): T =>
  Object.fromEntries(
    Object.entries(statements).map(([name, one]) => [
      name,
      'getQuery' in one ? compile(one) : compileAll(one),
    ]),
  ) as T

export type Statements = ReturnType<typeof prepareStatements>
