import type { Statement } from '../database.ts'
import type { Excess } from '../results.ts'

/** What a process is asked. */
export interface Question extends Statement {
  file: string
  writable: boolean
}

/** What it answers. */
export type Answer =
  /** `columns` and `rows` are JSON text. */
  | { type: 'done'; columns: string; rows: string; rowCount: number }
  | { type: 'excess'; of: Excess }
  /** There is more than one statement; none ran. */
  | { type: 'several' }
  /** It takes another number of parameters. */
  | { type: 'misfit' }
  /** SQLite failed; `number` is its extended result code. */
  | { type: 'failed'; message: string; number: number }
  /** A bug of ours. */
  | { type: 'crashed'; message: string }
