import { Database } from 'bun:sqlite'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import { findJobs } from '../../../src/store/sqlite/find.ts'
import { migrate } from '../../../src/store/sqlite/migrations.ts'
import { prepareStatements } from '../../../src/store/sqlite/statements/index.ts'
import type { JobQuery } from '../../../src/store/store.ts'

/** How SQLite would run a statement, a line a step. */
export type Plan = readonly string[]

/** A database of the current schema, without statistics: as every database of ours is, for nothing runs `analyze`. */
export const openPlanner = () => {
  const db = new Database(':memory:')
  migrate(db)
  const queries: string[] = []
  const orm = drizzle(db, { logger: { logQuery: (query) => queries.push(query) } })

  const explain = (query: string): Plan =>
    db
      .query<{ detail: string }, []>(`explain query plan ${query.replaceAll('?', 'null')}`)
      .all()
      .map(({ detail }) => detail)

  return {
    explain,
    /** The plan of every prepared statement, by its name. */
    statements: (): Map<string, Plan> =>
      new Map([...namedQueries(prepareStatements(db))].map(([name, query]) => [name, explain(query)])),
    /** Whether a statement that reads an index past a bound begins where the bound is that it is given, and not at a fixed one. */
    beginsWhereGiven(name: string): boolean {
      const query = new Map(namedQueries(prepareStatements(db))).get(name) ?? ''
      const program = db.query<Instruction, []>(`explain ${query.replaceAll('?', '7')}`).all()
      const seek = program.find(({ opcode }) => opcode === 'SeekGT')
      if (seek === undefined) throw new Error(`Expected ${name} to read past a bound`)
      // The key is in registers in a row: the job, and the bound.
      return !program.some(({ opcode, p2 }) => opcode === 'Integer' && p2 === seek.p3 + 1)
    },
    find(query: Omit<JobQuery, 'limit'>): Plan {
      queries.length = 0
      findJobs(orm, { ...query, limit: 10 })
      return queries.flatMap(explain)
    },
    /** Every index of the schema, and whether it holds only the rows that its condition picks. */
    indexes: (): Map<string, boolean> =>
      new Map(
        db
          .query<{ name: string; sql: string }, []>(
            "select name, sql from sqlite_schema where type = 'index' and sql is not null",
          )
          .all()
          .map(({ name, sql }) => [name, / where /i.test(sql)]),
      ),
    close: () => db.close(true),
  }
}

export type Planner = ReturnType<typeof openPlanner>

/** What SQLite's virtual machine does, a step. */
interface Instruction {
  opcode: string
  p2: number
  p3: number
}

interface Prepared {
  getQuery(): { sql: string }
}

const isPrepared = (value: object): value is Prepared => 'getQuery' in value

function* namedQueries(group: object, prefix = ''): Generator<[name: string, query: string]> {
  for (const [name, value] of Object.entries(group) as [string, object][])
    if (isPrepared(value)) yield [prefix + name, value.getQuery().sql]
    else yield* namedQueries(value, `${prefix}${name}.`)
}

/** The index that a step reads, if it reads one. */
export const indexOf = (step: string): string | undefined =>
  / USING (?:COVERING )?INDEX (\w+)/.exec(step)?.[1]

/**
 * The steps that take longer the more there is: reading a table whole, or an index that holds all of it; reading all
 * tasks of a job; sorting. A partial index may be read whole: it is as long as what its statement is after.
 */
export const slowSteps = (plan: Plan, isPartial: ReadonlyMap<string, boolean>): string[] =>
  plan.filter((step) => {
    if (step.startsWith('USE TEMP B-TREE')) return true
    // The index of the primary key holds all tasks of a job.
    if (/^SEARCH sheaf_tasks USING (COVERING )?INDEX sqlite_autoindex_sheaf_tasks_1 \(job=\?\)$/.test(step))
      return true
    if (!step.startsWith('SCAN ') || isOfStatement(step)) return false
    return isPartial.get(indexOf(step) ?? '') !== true
  })

/** Whether a step reads what the statement itself has: rows that it puts in, what a subquery found. */
const isOfStatement = (step: string): boolean =>
  /^SCAN (CONSTANT ROW$|\d+-ROW VALUES CLAUSE$|\(subquery)/.test(step)
