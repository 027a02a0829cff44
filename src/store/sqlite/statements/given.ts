import { type Placeholder, type SQL, sql } from 'drizzle-orm'
import { type TaskState, type TaskTrigger, taskStatesBefore } from '../../../job/state.ts'
import { codeOf } from '../rows.ts'
import { tasks } from '../schema.ts'

/** A value that is given when the statement runs. */
export const given = (name: string): SQL => sql`${sql.placeholder(name)}`

/**
 * A number that is given, for what is ordered, limited or joined. There SQLite looks into a bare parameter for its value, and
 * plans the statement anew at each call, because it may be bound to another: 3 to 20 µs instead of 0.3 (SQLite 3.54).
 */
export const numeric = (name: string): SQL => sql`${sql.placeholder(name)} + 0`

/** A text that is given, likewise. */
export const textual = (name: string): SQL => sql`${sql.placeholder(name)} || ''`

/** A limit that is given, likewise. drizzle's types know no expression here; it writes any. */
export const atMost = (name: string): Placeholder => numeric(name) as unknown as Placeholder

/** A limit that is part of the statement: of a number, drizzle would make a parameter. */
export const only = (count: number): Placeholder => literal(count) as unknown as Placeholder

/** A number that is part of the statement: SQLite uses a partial index only when it can see that its condition holds. */
export const literal = (value: number): SQL => sql.raw(String(value))

export const inState = (state: TaskState): SQL => sql`${tasks.state} = ${literal(codeOf(state))}`

/** That a task is in a state from which the machine lets it take the transition. */
export const mayTake = (trigger: TaskTrigger): SQL =>
  sql`${tasks.state} in (${sql.raw(taskStatesBefore(trigger).map(codeOf).join(', '))})`

/** The condition of the index on tasks that ended without success. */
export const missed: SQL = sql`${tasks.state} >= ${literal(codeOf('failed'))}`
