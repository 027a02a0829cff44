import type { Database, SQLQueryBindings, Statement } from 'bun:sqlite'
import { nameOf } from '../../../src/store/sqlite/statements/compile.ts'

type Values = Record<string, SQLQueryBindings>

/** The part of a statement prepared by drizzle that says what it is. */
interface Prepared {
  getQuery(): { sql: string; params: unknown[] }
}

/**
 * The SQL text of a statement that Sheaf prepared through drizzle, on bun:sqlite alone: so the bare loop runs what Sheaf runs,
 * now and after the next change. Values are given by their names in Sheaf.
 */
export const bareStatement = <Row>(db: Database, prepared: Prepared) => {
  const { sql, params } = prepared.getQuery()
  const statement: Statement<Row, SQLQueryBindings[]> = db.prepare(sql)
  const names = params.map(nameOf)
  // What is no placeholder is part of the statement, and stays where it is.
  const bindings = params.map((param) => param as SQLQueryBindings)
  const bind = (values: Values): SQLQueryBindings[] => {
    for (let i = 0; i < names.length; i++) {
      const name = names[i]
      if (name === undefined) continue
      const value = values[name]
      if (value === undefined) throw new Error(`Expected a value for "${name}" in: ${sql}`)
      bindings[i] = value
    }
    return bindings
  }
  return {
    run: (values: Values): void => void statement.run(...bind(values)),
    all: (values: Values): Row[] => statement.all(...bind(values)),
  }
}
