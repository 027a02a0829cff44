import type { RunResult } from '../kind.ts'
import type { Database, Statement } from './database.ts'
import { keywordOf } from './keyword.ts'
import { failureOf } from './postgres/failure.ts'
import { cursor, readCursor, readWhole } from './postgres/read.ts'
import { refused } from './results.ts'
import { textOf } from './server/failure.ts'
import { idIn, oneStatement, script } from './server/pool.ts'
import { openServer } from './server/server.ts'
import type { Session } from './server/session.ts'
import type { ServerSource } from './source.ts'

/** A PostgreSQL database. */
export const openPostgres = (source: ServerSource): Database => {
  const { writable } = source
  return openServer(source, {
    begin: async (session) => {
      const commands = [...(writable ? resets : []), ...beginning(writable), 'select pg_backend_pid() as id']
      return idIn(await session.do(script(session.connection, commands)))
    },
    kill: (id) => `select pg_terminate_backend(${id})`,
    ask: async (session, statement) => {
      const paged = writable ? isQuery(statement.query) : !tellsOnly(statement.query)
      if (!paged) return readWhole(session, statement)
      return (await declare(session, statement, source)) ?? readCursor(session, statement)
    },
    failureOf: (error) => failureOf(error, source),
  })
}

/**
 * Goes before a query. The grammar has only queries here: nothing that writes or ends the transaction. And of a cursor, no
 * more rows are held than fit into a page.
 */
const declaration = `declare ${cursor} no scroll cursor for `

/** Makes a cursor of the query; resolves with a failure if it is none. */
const declare = async (
  session: Session,
  { query, params }: Statement,
  source: ServerSource,
): Promise<RunResult | undefined> => {
  try {
    await session.do(oneStatement(session.connection, declaration + query, params))
    return undefined
  } catch (error) {
    session.signal.throwIfAborted()
    return source.writable || !isNoQuery(error, query)
      ? failureOf(error, source, declaration.length)
      : refused(
          source.name,
          'it is read-only, and takes select, with, values, table, explain and show.',
          '25006',
        )
  }
}

const queries = ['select', 'with', 'values', 'table']

/** A syntax error, because the statement begins with another word; or a `with` that writes. */
const isNoQuery = (error: unknown, query: string): boolean => {
  const code = textOf(error, 'errno')
  if (code === '0A000') return /data-modifying/.test(String(error))
  return code === '42601' && !queries.includes(keywordOf(query))
}

/** A task before may have committed a set_config(); that of a source which is read-only was rolled back. */
const resets = ['reset all', 'reset role']

/** The settings are for the transaction alone: how values are printed, and what else is said here. */
const beginning = (writable: boolean): string[] => [
  `begin read ${writable ? 'write' : 'only'}`,
  "set local datestyle = 'ISO'",
  "set local intervalstyle = 'iso_8601'",
  "set local bytea_output = 'hex'",
  // All rows of the cursor will be read, unless there are too many of them.
  'set local cursor_tuple_fraction = 1',
  // Otherwise a query runs on when Sheaf dies. Known since PostgreSQL 14.
  `select set_config('client_connection_check_interval', '1s', true)
     where current_setting('server_version_num')::int >= 140000`,
]

/** Cursors cannot have these, and nothing else is let around the cursor of a source that is read-only. */
const tellsOnly = (query: string): boolean => ['explain', 'show'].includes(keywordOf(query))

/** Whether a statement, which may be any, can be that of a cursor. If it is wrong about a `with`, rows are not paged. */
const isQuery = (query: string): boolean => {
  const keyword = keywordOf(query)
  if (keyword === 'with') return !/\b(insert|update|delete|merge)\b/i.test(query)
  return queries.includes(keyword)
}
