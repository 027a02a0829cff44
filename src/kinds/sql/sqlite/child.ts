/**
 * The program of a process that runs SQLite; see process.ts, which hands it over as text. So it must stand alone: it can
 * import what is built in, and types, but nothing of ours, and nobody imports it as a module.
 */
import { constants, DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import type { Answer, Question } from './messages.ts'

process.on('message', (question: Question) => process.send?.(answer(question)))

/** A database is opened for each question: no setting, temporary table or stale file outlives it. */
const answer = (question: Question): Answer => {
  let database: DatabaseSync | undefined
  try {
    database = open(question)
    return ask(database, question)
  } catch (error) {
    return failureOf(error)
  } finally {
    // Also rolls back what was not committed.
    database?.close()
  }
}

/** How long a statement waits for another connection to release a lock; after that, the next attempt does. */
const busyMs = 1_000

/** SQLite allows a value of 1e9 bytes, which would take the memory of the machine. */
const longestValue = 100_000_000

const open = ({ file, writable }: Question): DatabaseSync =>
  new DatabaseSync(`${pathToFileURL(file)}?mode=${writable ? 'rw' : 'ro'}`, {
    readOnly: !writable,
    timeout: busyMs,
    limits: { attach: 0, length: longestValue },
  })

const ask = (database: DatabaseSync, question: Question): Answer => {
  if (question.writable) database.exec('begin')
  database.setAuthorizer(question.writable ? authorizeWriting : authorizeReading)
  refuseMisfit(database, question)
  const statement = database.prepare(question.query)
  if (!isBlank(question.query.slice(statement.sourceSQL.length))) return { type: 'several' }
  const answer = run(statement, question)
  if (!question.writable || answer.type !== 'done') return answer
  database.setAuthorizer(null)
  database.exec('commit')
  return answer
}

/**
 * A placeholder without a value would be NULL, and nobody would say so. With no more variables allowed than there are
 * values, SQLite refuses such a statement; for that moment only, because its virtual tables need variables of their own.
 */
const refuseMisfit = (database: DatabaseSync, { query, params }: Question): void => {
  try {
    database.limits.variableNumber = params.length
    database.prepare(query)
  } catch (error) {
    const failure = failureOf(error)
    // Other errors may be the fault of the limit, and come again if they are not. But a lock costs time to wait for.
    if (failure.type === 'misfit' || (failure.type === 'failed' && (failure.number & 0xff) === busy))
      throw error
  } finally {
    database.limits.variableNumber = Infinity
  }
}

const run = (statement: Statement, question: Question): Answer => {
  const params = question.params.map(bindable)
  statement.setReadBigInts(true)
  const columns = distinct(statement.columns().map(({ name }) => name))
  if (columns.length > 0) return read(statement, columns, params, question)
  const { changes } = statement.run(...params)
  return { type: 'done', columns: '[]', rows: '[]', rowCount: Number(changes) }
}

type Statement = ReturnType<DatabaseSync['prepare']>

const read = (statement: Statement, columns: string[], params: SQLInputValue[], most: Question): Answer => {
  const keys = columns.map((column) => `${JSON.stringify(column)}:`)
  const rows: string[] = []
  let bytes = 2
  statement.setReturnArrays(true)
  for (const values of statement.iterate(...params)) {
    if (rows.length === most.maxRows) return { type: 'excess', of: 'rows' }
    const row = `{${Object.values(values)
      .map((value, at) => keys[at] + json(value))
      .join(',')}}`
    bytes += Buffer.byteLength(row) + (rows.length > 0 ? 1 : 0)
    if (bytes > most.maxBytes) return { type: 'excess', of: 'bytes' }
    rows.push(row)
  }
  return {
    type: 'done',
    columns: JSON.stringify(columns),
    rows: `[${rows.join(',')}]`,
    rowCount: rows.length,
  }
}

/** As in rows.ts. */
const distinct = (names: readonly string[]): string[] => {
  const taken = new Set<string>()
  for (const name of names) {
    let free = name
    for (let number = 2; taken.has(free); number += 1) free = `${name}_${number}`
    taken.add(free)
  }
  return [...taken]
}

/** A whole number is to be an INTEGER: node:sqlite would bind it as a REAL. SQLite has no booleans. */
const bindable = (value: Question['params'][number]): SQLInputValue => {
  if (typeof value === 'boolean') return value ? 1n : 0n
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(Number(value)) : value
}

const json = (value: unknown): string => {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `"${value}"`
  if (value instanceof Uint8Array) return `{"base64":"${Buffer.from(value).toString('base64')}"}`
  return JSON.stringify(value)
}

/** Whether a text, such as what follows a statement and SQLite would ignore, is blank. As in keyword.ts. */
const isBlank = (text: string): boolean => text.replace(blank, '') === ''

const blank = /[\s;]+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/gy

const {
  SQLITE_ATTACH,
  SQLITE_DENY,
  SQLITE_DETACH,
  SQLITE_FUNCTION,
  SQLITE_OK,
  SQLITE_PRAGMA,
  SQLITE_READ,
  SQLITE_RECURSIVE,
  SQLITE_SAVEPOINT,
  SQLITE_SELECT,
  SQLITE_TRANSACTION,
} = constants

/** Pragmas that only tell something, and nothing of where the file is. */
const lookups = new Set(
  'table_list table_info table_xinfo index_list index_info index_xinfo foreign_key_list'.split(' '),
)
/** These tell something without an argument, and change it with one. */
const settings = new Set(
  'user_version schema_version data_version application_id encoding page_count page_size'.split(' '),
)

const reading = new Set([SQLITE_SELECT, SQLITE_READ, SQLITE_FUNCTION, SQLITE_RECURSIVE])

type Authorizer = (action: number, first: string | null, second: string | null) => number

const authorizeReading: Authorizer = (action, first, second) =>
  reading.has(action) || (action === SQLITE_PRAGMA && tells(first, second)) ? SQLITE_OK : SQLITE_DENY

/** Other files are out of reach, and the transaction is ours. */
const offLimits = new Set([SQLITE_ATTACH, SQLITE_DETACH, SQLITE_TRANSACTION, SQLITE_SAVEPOINT])

const authorizeWriting: Authorizer = (action, first, second) => {
  if (action === SQLITE_PRAGMA) return tells(first, second) ? SQLITE_OK : SQLITE_DENY
  return offLimits.has(action) ? SQLITE_DENY : SQLITE_OK
}

const tells = (pragma: string | null, argument: string | null): boolean =>
  pragma !== null && (lookups.has(pragma) || (settings.has(pragma) && argument === null))

/** Result codes: SQLITE_BUSY, with more in the bytes above the first, and SQLITE_RANGE. */
const busy = 5
const range = 25

const failureOf = (error: unknown): Failure => {
  const { message, errcode: number }: Error & { errcode?: number } =
    error instanceof Error ? error : Error(String(error))
  if (number === undefined) return { type: 'crashed', message }
  const misfit = number === range || /^(too many SQL variables|variable number)/.test(message)
  return misfit ? { type: 'misfit' } : { type: 'failed', message, number }
}

type Failure = Extract<Answer, { type: 'failed' | 'misfit' | 'crashed' }>
