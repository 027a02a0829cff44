import type { SQL } from 'bun'
import type { RunResult } from '../../kind.ts'
import { succeeded } from '../../results.ts'
import type { Statement } from '../database.ts'
import { tooMuch } from '../results.ts'
import { Rows } from '../rows.ts'
import { oneStatement } from '../server/pool.ts'
import type { Session } from '../server/session.ts'
import { toJson } from './values.ts'

type Result = unknown[][] & SQL.ResultMetadata

/** Runs a statement. What it returns is in memory at once. */
export const readWhole = async (session: Session, statement: Statement): Promise<RunResult> => {
  const query = oneStatement<Result>(session.connection, statement.query, statement.params)
  const result = await session.do(query.values())
  const columns = result.columns ?? []
  // A statement that returns no rows may be one that changes the session.
  if (columns.length === 0 && result.affectedRows === 0) session.spoil()
  const rows = new Rows(
    columns.map(({ name }) => name),
    statement,
  )
  for (const values of result) {
    const excess = rows.add(values.map((value, at) => toJson(value, columns[at]?.type)))
    if (excess) return tooMuch(excess, statement)
  }
  return succeeded(rows.output(result.affectedRows))
}
