import { TestContext } from '../context.ts'
import { outputOf, run, sqlOf } from './ask.ts'

/** A process that asks: `asker.ts SOURCES QUERY [QUERY]`. Writes the output of the first query, and then runs the other. */
const [, , sources = '', first = '', second] = process.argv
const sql = sqlOf(sources)
console.log(JSON.stringify((await outputOf(sql, 'read', first)).rows))
if (second !== undefined) await run(sql, 'read', second, {}, new TestContext())
await sql.close()
