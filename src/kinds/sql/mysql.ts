import type { Database } from './database.ts'
import { keywordOf } from './keyword.ts'
import { failureOf } from './mysql/failure.ts'
import { readWhole } from './mysql/read.ts'
import { refused } from './results.ts'
import { idIn, script } from './server/pool.ts'
import { openServer } from './server/server.ts'
import type { ServerSource } from './source.ts'

/** A MySQL or MariaDB database. */
export const openMysql = (source: ServerSource): Database => {
  const { name, writable } = source
  return openServer(source, {
    begin: async (session, statement) => {
      const commands = beginning(writable, statement.maxRows)
      return idIn(await session.do(script(session.connection, commands)))
    },
    kill: (id) => `kill connection ${id}`,
    ask: async (session, statement) =>
      writable || queries.includes(keywordOf(statement.query))
        ? readWhole(session, statement)
        : refused(name, `it is read-only, and takes ${queries.join(', ')}.`),
    failureOf: (error) => failureOf(error, source),
  })
}

/**
 * The session is read-only too: a function or a definition might end the transaction, and begin another. The limit is one
 * row past the cap, so that a result that is over it does not come whole; where there can be writes there is none, for it
 * must cut nothing that a query copies.
 */
const beginning = (writable: boolean, maxRows: number): string[] => [
  `set session transaction read ${writable ? 'write' : 'only'}`,
  `set session sql_select_limit = ${writable ? 'default' : maxRows + 1}`,
  `start transaction read ${writable ? 'write' : 'only'}`,
  'select connection_id() as id',
]

/** In a read-only transaction, MySQL still lets through what is no change of a table, such as SET GLOBAL or FLUSH. */
const queries = ['select', 'with', 'values', 'table', 'explain', 'describe', 'desc', 'show']
