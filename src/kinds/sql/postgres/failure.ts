import type { RunResult } from '../../kind.ts'
import { queryFailed, refused } from '../results.ts'
import { connectionFailure, textOf } from '../server/failure.ts'
import type { ServerSource } from '../source.ts'

/**
 * What another attempt may mend, by SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html): connection
 * exceptions, rollbacks for a deadlock or a conflict, too few resources, a lock that was not to be had, a server timeout,
 * a server that shuts down or starts. Not 08P01: that is a wrong number of parameters.
 */
const transient = /^(08(?!P01)|40|53|55P03|57014|57P0)/

/** What else the server says of an error. */
const told = ['detail', 'hint', 'constraint', 'position'] as const

/** Throws what is no failure of the server or the connection. `before` is how much text we put before the query. */
export const failureOf = (error: unknown, { name, writable }: ServerSource, before = 0): RunResult => {
  const lost = connectionFailure(error, name)
  if (lost) return lost
  const code = textOf(error, 'errno') ?? textOf(error, 'code')
  if (code === undefined || !(error instanceof Error)) throw error
  if (code === '25006' && !writable) return refused(name, error.message, code)
  const details: Record<string, unknown> = {}
  for (const field of told) {
    const text = textOf(error, field)
    if (text !== undefined) details[field] = field === 'position' ? Number(text) - before : text
  }
  return queryFailed(name, { message: error.message, code, details }, transient.test(code))
}
