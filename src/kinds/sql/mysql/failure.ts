import type { RunResult } from '../../kind.ts'
import { queryFailed, refused } from '../results.ts'
import { connectionFailure, textOf } from '../server/failure.ts'
import type { ServerSource } from '../source.ts'

/**
 * What another attempt may mend, by error number (https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html):
 * too many connections, shutdown, lock wait timeout, deadlock, interrupted, statement timeout, killed.
 */
const transient = new Set(['1040', '1053', '1205', '1213', '1317', '3024', '3572'])

const readOnlyTransaction = '1792'

/** Throws what is no failure of the server or the connection. */
export const failureOf = (error: unknown, { name, writable }: ServerSource): RunResult => {
  const lost = connectionFailure(error, name)
  if (lost) return lost
  const code = textOf(error, 'errno') ?? textOf(error, 'code')
  if (code === undefined || !(error instanceof Error)) throw error
  if (code === readOnlyTransaction && !writable) return refused(name, error.message, code)
  const sqlState = textOf(error, 'sqlState')
  const details = sqlState === undefined ? {} : { sqlState }
  return queryFailed(name, { message: error.message, code, details }, transient.has(code))
}
