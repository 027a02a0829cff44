import { type SQL, sql } from 'drizzle-orm'
import type { TaskState } from '../../../job/state.ts'
import { codeOf } from '../rows.ts'
import { tasks } from '../schema.ts'

/** A value that is given when the statement runs. */
export const given = (name: string): SQL => sql`${sql.placeholder(name)}`

/** A number that is part of the statement: SQLite uses a partial index only when it can see that its condition holds. */
export const literal = (value: number): SQL => sql.raw(String(value))

export const inState = (state: TaskState): SQL => sql`${tasks.state} = ${literal(codeOf(state))}`

/** The condition of the index on tasks that ended without success. */
export const missed: SQL = sql`${tasks.state} >= ${literal(codeOf('failed'))}`
