import type { Database, SQLQueryBindings } from 'bun:sqlite'
import { sql } from 'drizzle-orm'
import type { BunSQLiteDatabase } from 'drizzle-orm/bun-sqlite'
import { tasks } from '../schema.ts'
import { nameOf, type Unwritten, type Written } from './compile.ts'
import { literal } from './given.ts'

/** A new task, as its row has it. */
export interface NewRow {
  job: number
  index: number
  state: number
  kind: string
  queue: number
  waiting: number
  runAt: number
  key: string | null
  options: string | null
  input: string
}

/** In the order in which the statements have them: that of the table. */
const columns = [
  'job',
  'index',
  'state',
  'kind',
  'queue',
  'waiting',
  'runAt',
  'key',
  'options',
  'input',
] as const satisfies (keyof NewRow)[]

/** Puts a row among the values of a statement, as the nth. Written out: to look each up by its name takes as long as to insert it. */
export const bindRow = (values: SQLQueryBindings[], nth: number, row: NewRow): void => {
  const at = nth * columns.length
  values[at] = row.job
  values[at + 1] = row.index
  values[at + 2] = row.state
  values[at + 3] = row.kind
  values[at + 4] = row.queue
  values[at + 5] = row.waiting
  values[at + 6] = row.runAt
  values[at + 7] = row.key
  values[at + 8] = row.options
  values[at + 9] = row.input
}

/** The values of the nth row among those of several. */
export const boundRow = (values: readonly SQLQueryBindings[], nth: number): SQLQueryBindings[] =>
  values.slice(nth * columns.length, (nth + 1) * columns.length)

/** How many rows `insertTasks` puts in: a call for each would take longer than SQLite for what it does (430k against 730k rows a second). */
export const rowsAtOnce = 32

/** New tasks, one or {@link rowsAtOnce} of them; their values as {@link bindRow} puts them. */
export const newTaskStatements = (written: BunSQLiteDatabase, db: Database) => {
  const many = Array.from({ length: rowsAtOnce }, () => newRow)
  return {
    insertTask: bound(db, written.insert(tasks).values(newRow)),
    insertTasks: bound(db, written.insert(tasks).values(many)),
  }
}

const zero = literal(0)
const newRow = {
  job: sql.placeholder('job'),
  index: sql.placeholder('index'),
  state: sql.placeholder('state'),
  kind: sql.placeholder('kind'),
  queue: sql.placeholder('queue'),
  attempt: zero,
  failures: zero,
  rescues: zero,
  waitedMs: zero,
  waiting: sql.placeholder('waiting'),
  seq: zero,
  runAt: sql.placeholder('runAt'),
  key: sql.placeholder('key'),
  options: sql.placeholder('options'),
  input: sql.placeholder('input'),
}

/** As `compile` makes a statement, when it is first used: to write the one of many rows would take a part of each start. */
const bound = (db: Database, unwritten: Unwritten<unknown>) => {
  let known: ReturnType<typeof write> | undefined
  const written = () => {
    known ??= write(db, unwritten)
    return known
  }
  return {
    getQuery: () => written().query,
    run: (values: readonly SQLQueryBindings[]): void => void written().statement.run(...values),
  }
}

const write = (db: Database, unwritten: Unwritten<unknown>) => {
  const query = (unwritten.prepare() as Written).getQuery()
  const names = query.params.map(nameOf)
  if (names.some((name, at) => name !== columns[at % columns.length]))
    throw new Error(`Expected new tasks to be given by ${columns}, got ${names}`)
  return { query, statement: db.prepare(query.sql) }
}
