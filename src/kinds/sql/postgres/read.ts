import type { SQL } from 'bun'
import type { RunResult } from '../../kind.ts'
import { succeeded } from '../../results.ts'
import type { Statement } from '../database.ts'
import { type Excess, tooMuch } from '../results.ts'
import { Rows } from '../rows.ts'
import { oneStatement } from '../server/pool.ts'
import type { Session } from '../server/session.ts'
import { converterOf, type ToJson } from './values.ts'

/** Each value as the bytes of what the server prints for it. */
type Page = (Uint8Array | null)[][] & SQL.ResultMetadata

/** The name of the cursor, of which a transaction has one at most. */
export const cursor = 'sheaf'

/** Reads the cursor page by page, and no further than the caps. */
export const readCursor = async (session: Session, statement: Statement): Promise<RunResult> => {
  let table: Table | undefined
  for (let size = firstPage; ; size = nextPage(table)) {
    const page = await session.do(
      oneStatement<Page>(session.connection, `fetch ${size} from ${cursor}`).raw(),
    )
    table ??= new Table(page, statement)
    const excess = table.add(page)
    if (excess) return tooMuch(excess, statement)
    if (page.length < size) return succeeded(table.rows.output())
  }
}

/** Runs a statement of any kind. What it returns is in memory at once, however much that is. */
export const readWhole = async (session: Session, statement: Statement): Promise<RunResult> => {
  const page = await session.do(
    oneStatement<Page>(session.connection, statement.query, statement.params).raw(),
  )
  if (!plain.has(page.command ?? '')) session.spoil()
  const table = new Table(page, statement)
  const excess = table.add(page)
  return excess ? tooMuch(excess, statement) : succeeded(table.rows.output(page.count))
}

/** Statements that leave nothing behind in the session, as SET, PREPARE or LISTEN would. */
const plain = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'EXPLAIN', 'SHOW'])

const firstPage = 100
const mostPage = 5_000
const pageBytes = 1_048_576

/** As many rows as make about a page's bytes, going by those that came. */
const nextPage = ({ rows }: Table): number =>
  Math.max(1, Math.min(mostPage, Math.floor((pageBytes * rows.count) / rows.bytes)))

/** The rows of a result, with the way their columns become JSON. */
class Table {
  readonly rows: Rows
  readonly #converters: readonly ToJson[]

  constructor({ columns }: Page, statement: Statement) {
    this.rows = new Rows(columns?.map(({ name }) => name) ?? [], statement)
    this.#converters = columns?.map(({ type }) => converterOf(type)) ?? []
  }

  add(page: Page): Excess | undefined {
    for (const values of page) {
      const excess = this.rows.add(values.map((value, at) => this.#json(value, at)))
      if (excess) return excess
    }
    return undefined
  }

  #json(value: Uint8Array | null, at: number): string {
    if (value === null) return 'null'
    return this.#converters[at]?.(decoder.decode(value)) ?? 'null'
  }
}

const decoder = new TextDecoder()
