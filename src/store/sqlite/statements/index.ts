import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { edgeStatements } from './edges.ts'
import { jobStatements } from './jobs.ts'
import { purgeStatements } from './purges.ts'
import { readStatements } from './reads.ts'
import { taskStatements } from './tasks.ts'
import { turnStatements } from './turns.ts'

/** Every statement that runs more than once a request, prepared once; a test explains each and fails on a table scan. */
export const prepareStatements = (db: BunSQLiteDatabase) => ({
  ...jobStatements(db),
  ...turnStatements(db),
  ...taskStatements(db),
  ...edgeStatements(db),
  ...readStatements(db),
  ...purgeStatements(db),
})

export type Statements = ReturnType<typeof prepareStatements>
