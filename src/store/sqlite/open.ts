import { Database } from 'bun:sqlite'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import type { Store } from '../store.ts'
import { StoreError } from '../store.ts'
import { lock } from './lock.ts'
import { migrate } from './migrations.ts'
import { SqliteStore } from './store.ts'

export interface SqliteOptions {
  /** A path, or `:memory:`. */
  file: string
  /** `full` syncs each commit to disk; `normal` may lose the latest commits with the power, never with the process. */
  durability?: 'full' | 'normal'
}

/** Opens the file, or creates it, for this process alone, and brings its schema up to date. Throws a StoreError. */
export const openSqlite = ({ file, durability = 'full' }: SqliteOptions): Store => {
  let release = () => {}
  let db: Database | undefined
  try {
    if (file !== ':memory:') release = lock(file).release
    db = new Database(file, { create: true, strict: true })
    db.run(`pragma synchronous = ${durability}`)
    // Before anything is written: a file that this version cannot use stays as it is.
    migrate(db)
    db.run('pragma journal_mode = wal')
    db.run('pragma cache_size = -65536')
    db.run('pragma temp_store = memory')
    return new SqliteStore(db, drizzle(db), release)
  } catch (error) {
    db?.close(true)
    release()
    throw error instanceof StoreError ? error : cannotOpen(file, error)
  }
}

const cannotOpen = (file: string, error: unknown) =>
  new StoreError(`Cannot open ${file}: ${error instanceof Error ? error.message : String(error)}`)
