import type { RunResult } from '../kind.ts'

export type Param = string | number | boolean | null

/** One statement, with the bounds of what it may return. */
export interface Statement {
  query: string
  params: readonly Param[]
  maxRows: number
  /** Of the rows as JSON. */
  maxBytes: number
}

/** A source that can be asked. Connects, or starts processes, when first asked. */
export interface Database {
  /**
   * Runs the statement in a transaction of its own: it is done as a whole, or, if it fails or returns too much, not at
   * all. When the signal is aborted, resolves as soon as the database no longer runs it; with what, does not matter.
   */
  run(statement: Statement, signal: AbortSignal): Promise<RunResult>
  /** How many statements it runs at once; more of them wait. */
  readonly concurrency: number
  /** To be called when nothing runs. */
  close(): Promise<void>
}
