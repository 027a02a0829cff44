import type { Database } from 'bun:sqlite'
import { StoreError } from '../store.ts'
import initial from './migrations/0000_initial.sql' with { type: 'text' }

/**
 * The migrations that drizzle-kit generates (`bun run migration`), embedded so that a single executable carries them. The one row of
 * `sheaf_schema` says how many of them a file has seen; `pragma user_version` is for the app whose file it may be. Only ever append.
 */
export const migrations: readonly string[] = [initial]

interface MigrateOptions {
  known?: readonly string[]
  shared?: boolean
  layOut?: ((db: Database) => void) | undefined
}

/**
 * Brings a database up to this version, if it is ours. However many migrations that takes, they are one transaction: the
 * file is of the old version, and usable with it, or of the new one, whatever happens in between. `layOut` is given for a file in
 * which there is nothing: it says in that transaction how the file is laid out.
 */
export const migrate = (
  db: Database,
  { known = migrations, shared = false, layOut }: MigrateOptions = {},
): void => {
  const version = knownVersion(db, known.length)
  if (version === 0 && !shared && hasTables(db))
    throw new StoreError(
      `${db.filename} is not a database of Sheaf: it holds other tables. Name a file for Sheaf alone.`,
    )
  if (version === known.length) return
  const bring = db.transaction(() => {
    layOut?.(db)
    for (const migration of known.slice(version))
      for (const statement of migration.split('--> statement-breakpoint')) db.run(statement)
    db.run('create table if not exists sheaf_schema (version integer not null)')
    db.run('delete from sheaf_schema')
    db.run('insert into sheaf_schema values (?)', [known.length])
  })
  try {
    // SQLite lays a file out when a transaction first writes, which an immediate one does as it begins.
    if (layOut) bring.deferred()
    else bring.immediate()
  } catch (error) {
    if (version === 0) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new StoreError(
      `Cannot bring ${db.filename} from schema ${version} to ${known.length}: ${why}. It is as it was: the Sheaf that wrote it can go on with it.`,
    )
  }
}

/** The schema of a database that is ours, in which there is something. Throws a StoreError for any other. */
export const versionOf = (db: Database): number => {
  const version = knownVersion(db, migrations.length)
  if (version === 0) throw new StoreError(`${db.filename} is not a database of Sheaf.`)
  return version
}

/** 0 for a file that no Sheaf wrote to. */
const knownVersion = (db: Database, newest: number): number => {
  const version = readVersion(db)
  if (version <= newest) return version
  throw new StoreError(
    `${db.filename} was written by a newer Sheaf (schema ${version}; this one knows up to ${newest}). Use that version, or another file.`,
  )
}

const hasTables = (db: Database): boolean => db.query('select 1 from sqlite_schema limit 1').get() !== null

const readVersion = (db: Database): number => {
  if (db.query("select 1 from sqlite_schema where name = 'sheaf_schema'").get() === null) return 0
  return db.query<{ version: number }, []>('select version from sheaf_schema').get()?.version ?? 0
}
