import { show } from '../job/errors.ts'
import { nearest } from '../job/explain/nearest.ts'
import { type FieldError, unexpected } from '../job/explain.ts'
import type { Kind, RunContext, RunResult } from './kind.ts'
import { aborted, failed, failedForGood } from './results.ts'
import type { Database } from './sql/database.ts'
import { defaultMaxBytes, defaultMaxRows, SqlInput } from './sql/input.ts'
import { isBlank } from './sql/keyword.ts'
import { openMysql } from './sql/mysql.ts'
import { openPostgres } from './sql/postgres.ts'
import type { Source } from './sql/source.ts'
import { openSqlite } from './sql/sqlite.ts'

export { SqlInput } from './sql/input.ts'

const defaultTimeoutMs = 30_000

/** A kind that holds connections or processes, until it is closed. */
export interface SqlKind extends Kind<'sql', typeof SqlInput> {
  /** Ends every query that still runs, then every connection and process. May be called again. */
  close(): Promise<void>
}

/**
 * The kind that asks these sources. Opens none of them before a task does.
 *
 * Values become JSON without a loss: a whole number beyond 2^53 is a string, and so are NUMERIC and DECIMAL, NaN and
 * Infinity; bytes are `{"base64": "…"}`; what the database has as JSON stays JSON, and its arrays are arrays. A date is
 * `2026-01-02`, a moment `2026-01-02T03:04:05.678901Z`, without the Z where the database keeps no zone. SQLite has neither
 * dates, booleans nor JSON of its own: there they are what was stored, text or numbers. (MySQL: to the millisecond.)
 */
export const createSql = (sources: readonly Source[]): SqlKind => {
  const databases = new Map(sources.map((source) => [source.name, open(source)]))
  const names = [...databases.keys()]
  const closing = new AbortController()
  const running = new Set<Promise<RunResult>>()

  const run = async (input: SqlInput, { signal }: RunContext): Promise<RunResult> => {
    const database = databases.get(input.source)
    if (!database) {
      const message = `This server has no source ${show(input.source)}. ${hint(input.source, names)}`
      return failedForGood('sql_refused', message)
    }
    const result = database.run(statementOf(input), AbortSignal.any([signal, closing.signal]))
    running.add(result)
    try {
      const ended = await result
      return ended === aborted && !signal.aborted ? closedResult : ended
    } finally {
      running.delete(result)
    }
  }

  const close = async () => {
    closing.abort()
    await Promise.allSettled(running)
    await Promise.all([...databases.values()].map((database) => database.close()))
  }

  let closed: Promise<void> | undefined
  return {
    name: 'sql',
    input: SqlInput,
    // A value goes into `params`: as a part of the text it could be any statement.
    literal: ['source', 'query'],
    timeoutMs: () => defaultTimeoutMs,
    queue: ({ source }) => `sql:${source}`,
    // More would wait for a connection, and its timeout would run meanwhile.
    queues: Object.fromEntries(
      [...databases].map(([name, { concurrency }]) => [`sql:${name}`, { concurrency }]),
    ),
    check: ({ source, query }, at) => {
      const errors: FieldError[] = []
      if (!databases.has(source)) {
        const message = `Expected "${at}.source" to be a source of this server, got ${show(source)}. ${hint(source, names)}`
        errors.push({ field: `${at}.source`, message })
      }
      if (isBlank(query)) errors.push(unexpected(`${at}.query`, 'to be a statement', query))
      return errors
    },
    run: (input, context) => (closing.signal.aborted ? closedResult : run(input, context)),
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

const closedResult = failed('connect_failed', 'The sources of this server are closed.')

const open = (source: Source): Database => {
  switch (source.dialect) {
    case 'sqlite':
      return openSqlite(source)
    case 'postgres':
      return openPostgres(source)
    case 'mysql':
      return openMysql(source)
    default:
      return source satisfies never
  }
}

const statementOf = ({ query, params = [], maxRows, maxBytes }: SqlInput) => ({
  query,
  params,
  maxRows: maxRows ?? defaultMaxRows,
  maxBytes: maxBytes ?? defaultMaxBytes,
})

/** `The sources are "main", "stats".` Few enough to be listed: each is named in one setting. */
const hint = (name: string, names: readonly string[]): string => {
  if (names.length === 0) return 'It has none: see SHEAF_SOURCES.'
  const meant = nearest(name, names)
  return meant === undefined
    ? `The sources are ${names.map((known) => `"${known}"`).join(', ')}.`
    : `Did you mean "${meant}"?`
}
