import type { Database } from 'bun:sqlite'
import { StoreError } from '../store.ts'
import initial from './migrations/0000_initial.sql' with { type: 'text' }

/**
 * The migrations that drizzle-kit generates (`bun run migration`), embedded so that a single executable carries them.
 * `pragma user_version` says how many of them a file has seen. Only ever append.
 */
export const migrations: readonly string[] = [initial]

/** Brings a database up to this version, if it is ours; each migration is one transaction. */
export const migrate = (db: Database): void => {
  const version = readVersion(db)
  if (version > migrations.length)
    throw new StoreError(
      `${db.filename} was written by a newer Sheaf (schema ${version}; this one knows up to ${migrations.length}). Use that version, or another file.`,
    )
  if (version === 0 && hasTables(db))
    throw new StoreError(
      `${db.filename} is not a database of Sheaf: it holds other tables. Name a file for Sheaf alone.`,
    )
  migrations.slice(version).forEach((migration, i) => {
    db.transaction(() => {
      for (const statement of migration.split('--> statement-breakpoint')) db.run(statement)
      db.run(`pragma user_version = ${version + i + 1}`)
    }).immediate()
  })
}

const hasTables = (db: Database): boolean => db.query('select 1 from sqlite_schema limit 1').get() !== null

const readVersion = (db: Database): number => {
  const row: unknown = db.query('pragma user_version').get()
  return row !== null && typeof row === 'object' && 'user_version' in row ? Number(row.user_version) : 0
}
