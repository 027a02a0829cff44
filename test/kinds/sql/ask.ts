import { expect } from 'bun:test'
import { accepts } from '../../../src/job/check.ts'
import type { RunResult } from '../../../src/kinds/kind.ts'
import { parseSources } from '../../../src/kinds/sql/source.ts'
import { createSql, SqlInput, type SqlKind } from '../../../src/kinds/sql.ts'
import { TestContext } from '../context.ts'

/** The kind for what SHEAF_SOURCES would hold. */
export const sqlOf = (sources: string): SqlKind => {
  const parsed = parseSources(sources)
  if (!parsed) throw new Error('These are no sources')
  return createSql(parsed)
}

export type Asked = Partial<Omit<SqlInput, 'source' | 'query'>>

/** Runs a task as the engine would. */
export const run = async (
  sql: SqlKind,
  source: string,
  query: string,
  more: Asked = {},
  context = new TestContext(),
): Promise<RunResult> => {
  const input = { source, query, ...more }
  if (!accepts(SqlInput, input)) throw new Error(`Not accepted: ${JSON.stringify(input)}`)
  expect(sql.check?.(input, 'tasks[0]')).toEqual([])
  return sql.run(input, context)
}

export interface Output {
  columns: string[]
  rows: Record<string, unknown>[]
  rowCount: number
}

export const outputOf = async (
  sql: SqlKind,
  source: string,
  query: string,
  more?: Asked,
): Promise<Output> => {
  const result = await run(sql, source, query, more)
  if (result.type !== 'succeeded') throw new Error(`Not succeeded: ${JSON.stringify(result)}`)
  expect(result.output).not.toContain('\n')
  return JSON.parse(result.output)
}
