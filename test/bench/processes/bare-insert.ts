import { Database, type SQLQueryBindings } from 'bun:sqlite'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { codeOf } from '../../../src/store/sqlite/rows.ts'
import { prepareStatements } from '../../../src/store/sqlite/statements/index.ts'
import { bindRow, boundRow, rowsAtOnce } from '../../../src/store/sqlite/statements/new-tasks.ts'
import { serveTool } from '../rig/tool.ts'

export interface InsertQuestion {
  /** A file that is not there yet. */
  file: string
  tasks: number
  /** How many of them a transaction writes. */
  batch: number
  /** The input of each, with `#` for its index. */
  input: string
}

/** The least that it can cost to store the tasks of a job: their rows and nothing else, put in by Sheaf's own SQL. Answers with a rate. */
const run = async ({ file, tasks, batch, input }: InsertQuestion): Promise<number> => {
  await openSqlite({ file }).close()
  const db = new Database(file, { strict: true })
  // As `src/store/sqlite/open.ts` does.
  db.run('pragma journal_mode = wal')
  db.run('pragma synchronous = full')
  db.run('pragma cache_size = -65536')
  db.run('pragma temp_store = memory')
  const inputs = Array.from({ length: tasks }, (_, index) => input.replace('#', String(index)))
  try {
    const started = performance.now()
    insertAll(db, inputs, batch)
    return tasks / ((performance.now() - started) / 1_000)
  } finally {
    db.close()
  }
}

/** As many rows a statement as Sheaf puts in with one: row by row it takes half as long again. */
const insertAll = (db: Database, inputs: readonly string[], batch: number): void => {
  const statements = prepareStatements(db)
  const many = db.prepare(statements.insertTasks.getQuery().sql)
  const one = db.prepare(statements.insertTask.getQuery().sql)
  const values: SQLQueryBindings[] = []
  const row = { ...newRow, index: 0, input: '' }
  const step = db.transaction((inputs: readonly string[]) => {
    let bound = 0
    for (const input of inputs) {
      row.input = input
      bindRow(values, bound, row)
      row.index += 1
      bound += 1
      if (bound < rowsAtOnce) continue
      many.run(...values)
      bound = 0
    }
    for (let nth = 0; nth < bound; nth += 1) one.run(...boundRow(values, nth))
  })
  for (let from = 0; from < inputs.length; from += batch) step.immediate(inputs.slice(from, from + batch))
}

const newRow = {
  job: 1,
  state: codeOf('queued'),
  kind: 'http',
  queue: 1,
  waiting: 0,
  runAt: Date.now(),
  key: null,
  options: null,
}

serveTool(run)
