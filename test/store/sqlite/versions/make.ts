/**
 * Writes the database of the present schema, as a server leaves it that is killed at work, to `v<schema>.sql`:
 *
 *     bun test/store/sqlite/versions/make.ts
 *
 * To be run when the schema was changed, and never again for one that was released.
 */
import { Database } from 'bun:sqlite'
import { join } from 'node:path'
import { backup } from '../../../../src/store/sqlite/backup.ts'
import { readJob, submit } from '../../../crash/rest.ts'
import { temporaryFolder } from '../../../support/folder.ts'
import { startServer } from '../../../support/server.ts'
import { env, handlers, hourly, idempotencyKey, jobs, type Name, standing } from './story.ts'

const send = async (url: string, method: string, body: unknown = {}): Promise<void> => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${await response.text()}`)
}

/** Has a server do all that is to be kept, and waits until it stands as it should. */
const tell = async (url: string): Promise<void> => {
  await send(`${url}/queues/narrow`, 'PUT', { paused: true, rate: { limit: 100, perMs: 1_000 } })
  await send(`${url}/schedules/hourly`, 'PUT', hourly)
  for (const name of Object.keys(jobs) as Name[]) {
    const { id } = await submit(url, idempotencyKey(name), { name, ...jobs[name] })
    if (name === 'paused') await send(`${url}/jobs/${id}/pause`, 'POST')
    await untilItStands(url, id, standing[name])
  }
}

const untilItStands = async (url: string, id: string, as: (typeof standing)[Name]): Promise<void> => {
  for (let looks = 0; ; looks += 1) {
    const job = await readJob(url, id)
    if (stands(job, as)) return
    if (looks > 500) throw new Error(`Expected ${JSON.stringify(as)}, got ${JSON.stringify(job)}`)
    await Bun.sleep(10)
  }
}

const stands = (job: Awaited<ReturnType<typeof readJob>>, { state, counts }: (typeof standing)[Name]) =>
  job.state === state &&
  Object.entries(counts).every(([name, count]) => job.counts[name as keyof typeof counts] === count)

/** The database as statements that make it. */
const dump = (db: Database): string => {
  const made = db
    .query<{ name: string; type: string; sql: string | null }, []>(
      'select name, type, sql from sqlite_schema',
    )
    .all()
  const tables = made.filter(({ type, name }) => type === 'table' && name !== 'sqlite_sequence')
  const inserts = [...tables.map(({ name }) => name), 'sqlite_sequence'].flatMap((table) => rowsOf(db, table))
  const statements = made.filter(({ name }) => !name.startsWith('sqlite_')).map(({ sql }) => sql ?? '')
  // How the file is laid out can only be said before there is anything in it.
  return [pragma(db, 'auto_vacuum'), ...statements, ...inserts].map((one) => `${one};\n`).join('')
}

const pragma = (db: Database, name: string): string =>
  `pragma ${name} = ${Object.values(db.query(`pragma ${name}`).get() ?? {})[0]}`

const rowsOf = (db: Database, table: string): string[] => {
  const columns = db
    .query<{ name: string }, [string]>('select name from pragma_table_info(?)')
    .all(table)
    .map(({ name }) => name)
  const values = columns.map((column) => `quote(${column})`).join(` || ', ' || `)
  return db
    .query<{ row: string }, []>(`select ${values} as row from ${table}`)
    .all()
    .map(({ row }) => `insert into ${table} (${columns.join(', ')}) values (${row})`)
}

await using server = await startServer({ env, handlers })
await tell(server.url)
using folder = temporaryFolder()
const { version } = backup({ from: server.database, to: folder.file('copy.db') })
using db = new Database(folder.file('copy.db'), { readonly: true })
const file = join(import.meta.dir, `v${version}.sql`)
await Bun.write(file, `-- A database of schema ${version}, left at ${new Date().toISOString()}\n${dump(db)}`)
console.log(`Wrote ${file}`)
