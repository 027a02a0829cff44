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
  const held = file === ':memory:' ? { release: () => {} } : lockFile(file)
  try {
    const db = new Database(file, { create: true, strict: true })
    db.run('pragma journal_mode = wal')
    db.run(`pragma synchronous = ${durability}`)
    db.run('pragma cache_size = -65536')
    db.run('pragma temp_store = memory')
    migrate(db)
    return new SqliteStore(db, drizzle(db), held.release)
  } catch (error) {
    held.release()
    throw error instanceof StoreError ? error : cannotOpen(file, error)
  }
}

const lockFile = (file: string) => {
  try {
    return lock(file)
  } catch (error) {
    throw error instanceof StoreError ? error : cannotOpen(file, error)
  }
}

const cannotOpen = (file: string, error: unknown) =>
  new StoreError(`Cannot open ${file}: ${error instanceof Error ? error.message : String(error)}`)
