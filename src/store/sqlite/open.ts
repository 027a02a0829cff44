import { Database } from 'bun:sqlite'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import type { Store } from '../store.ts'
import { StoreError } from '../store.ts'
import { cannotOpen, explaining } from './faults.ts'
import { lock } from './lock.ts'
import { migrate } from './migrations.ts'
import { SqliteStore } from './store.ts'

export interface SqliteOptions {
  /** A path, or `:memory:`. */
  file: string
  /** `full` syncs each commit to disk; `normal` may lose the latest commits with the power, never with the process. */
  durability?: 'full' | 'normal'
  /** Whether the file may hold tables of someone else. Default false: it is taken for the wrong one. */
  shared?: boolean | undefined
}

/** How long a commit waits for another program that writes, in milliseconds: nothing else happens meanwhile. */
const busyMs = 50
/** Of a new file. Of 4,096, a batch of ends writes about as many bytes and half as many pages more, each of which costs two calls. */
const pageBytes = 8_192
/**
 * Few pages: whenever rows that grew had to be spread over more pages, SQLite looks through all that it keeps at the end of the
 * transaction, which takes half a millisecond for 64 MiB of 4,096 bytes each. What is not kept comes out of the system's own cache.
 */
const cacheKiB = 16_384
/** What is left of a log that was long once it is folded in: four times what it commonly has. */
const keptLogBytes = 16 * 1024 * 1024

/** Opens the file, or creates it, for this process alone, and brings its schema up to date. Throws a StoreError. */
export const openSqlite = ({ file, durability = 'full', shared }: SqliteOptions): Store => {
  let release = () => {}
  let db: Database | undefined
  try {
    if (file !== ':memory:') release = lock(file).release
    db = new Database(file, { create: true, strict: true })
    db.run(`pragma busy_timeout = ${busyMs}`)
    db.run(`pragma synchronous = ${durability}`)
    // Before anything is written: a file that this version cannot use stays as it is.
    migrate(db, { shared: shared ?? false, layOut: isEmpty(db) ? layOut : undefined })
    db.run('pragma journal_mode = wal')
    db.run(`pragma cache_size = -${cacheKiB}`)
    db.run('pragma temp_store = memory')
    db.run(`pragma journal_size_limit = ${keptLogBytes}`)
    return explaining(new SqliteStore(db, drizzle(db), release))
  } catch (error) {
    db?.close(true)
    release()
    throw error instanceof StoreError ? error : cannotOpen(file, error)
  }
}

/** Only while there is nothing in it: afterwards it stays as it is. */
const layOut = (db: Database): void => {
  db.run(`pragma page_size = ${pageBytes}`)
  // So that space can be given back (see space.ts).
  db.run('pragma auto_vacuum = incremental')
}

const isEmpty = (db: Database): boolean =>
  db.query<{ page_count: number }, []>('pragma page_count').get()?.page_count === 0
