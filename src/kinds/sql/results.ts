import type { RunResult } from '../kind.ts'
import { failed, failedForGood } from '../results.ts'
import type { Statement } from './database.ts'

/** Which of its caps a result is over. */
export type Excess = 'rows' | 'bytes'

export const tooMuch = (excess: Excess, { maxRows, maxBytes }: Statement): RunResult =>
  excess === 'rows'
    ? failedForGood('too_many_rows', `Expected at most ${maxRows} rows ("maxRows"), got more.`, { maxRows })
    : failedForGood(
        'too_many_rows',
        `Expected rows of at most ${maxBytes} bytes of JSON ("maxBytes"), got more.`,
        {
          maxBytes,
        },
      )

/** An error as the database tells it. */
export interface DatabaseError {
  message: string
  /** The database's own: `SQLITE_CONSTRAINT_UNIQUE`, SQLSTATE `23505`, or the number of a MySQL error. */
  code: string | undefined
  /** What else it says. */
  details?: Record<string, unknown>
}

export const queryFailed = (
  source: string,
  { message, code, details = {} }: DatabaseError,
  retryable: boolean,
): RunResult => {
  const told = Object.entries(details).map(([name, value]) => [
    name,
    typeof value === 'string' ? cut(value) : value,
  ])
  return (retryable ? failed : failedForGood)(
    'sql_failed',
    `The query failed on "${source}": ${sentence(message)}`,
    { ...(code !== undefined && { databaseCode: code }), ...Object.fromEntries(told) },
  )
}

export const refused = (source: string, why: string, code?: string): RunResult =>
  failedForGood(
    'sql_refused',
    `The source "${source}" refuses the query: ${sentence(why)}`,
    code === undefined ? undefined : { databaseCode: code },
  )

const sentence = (text: string): string => {
  const short = cut(text)
  return /[.!?]$/.test(short) ? short : `${short}.`
}

/** A database may quote a value of any length. */
const mostText = 2_000

const cut = (text: string): string => text.slice(0, mostText).toWellFormed()
