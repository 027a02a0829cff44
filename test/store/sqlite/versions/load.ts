import { Database } from 'bun:sqlite'
import { join } from 'node:path'

/** Makes the file that a Sheaf of this version left when it was killed; gives the moment at which that was. */
export const load = async (version: number, file: string): Promise<number> => {
  const text = await Bun.file(join(import.meta.dir, `v${version}.sql`)).text()
  using db = new Database(file, { create: true })
  db.run('pragma synchronous = off')
  db.run(text)
  db.run('pragma journal_mode = wal')
  return Date.parse(/left at (\S+)/.exec(text)?.[1] ?? '')
}

/** Every table and index, as the statement that makes it. */
export const schemaOf = (db: Database): string[] =>
  db
    .query<{ sql: string }, []>('select sql from sqlite_schema where sql is not null')
    .all()
    .map(({ sql }) => sql)
    .toSorted()
