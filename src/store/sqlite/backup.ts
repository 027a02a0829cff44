import { Database } from 'bun:sqlite'
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { StoreError } from '../store.ts'
import { versionOf } from './migrations.ts'

export interface BackupOptions {
  /** A database of Sheaf, in use or not. */
  from: string
  to: string
  /** Whether `to` may exist. Default false. */
  replace?: boolean
}

/** A copy that was checked, and is on disk under its name. */
export interface Backup {
  bytes: number
  /** Of its schema. */
  version: number
  jobs: number
  tasks: number
}

/** As long as a server that just starts may need for the schema of a large file. */
const patienceMs = 30_000

/**
 * Copies a database as it is at one moment, while a server works on it: `VACUUM INTO` reads in one transaction, which
 * holds up no writer (https://sqlite.org/lang_vacuum.html#vacuuminto). It does hold back the checkpoint, so the write-ahead
 * log grows by what is committed meanwhile. The copy gets its name once it is whole, checked and synced.
 * Throws a StoreError.
 */
export const backup = ({ from, to, replace = false }: BackupOptions): Backup => {
  const source = statSync(from, { throwIfNoEntry: false })
  if (!source?.isFile()) throw new StoreError(`There is no database ${from}.`)
  refuseTarget(from, to, replace)
  try {
    const folder = mkdtempSync(`${to}.partial-`)
    try {
      const copy = join(folder, basename(to))
      copyTo(copy, from)
      const found = check(copy)
      chmodSync(copy, source.mode)
      sync(copy)
      renameSync(copy, to)
      sync(dirname(to))
      return found
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  } catch (error) {
    if (error instanceof StoreError) throw error
    throw new StoreError(`Cannot copy ${from} to ${to}: ${error instanceof Error ? error.message : error}`)
  }
}

const refuseTarget = (from: string, to: string, replace: boolean): void => {
  const target = statSync(to, { throwIfNoEntry: false })
  if (target && !target.isFile()) throw new StoreError(`Cannot write ${to}: it is not a file.`)
  if (target && realpathSync(to) === realpathSync(from))
    throw new StoreError(`Cannot copy ${from} to itself. Name another file.`)
  // SQLite would play back into the copy what was once written to another database.
  for (const rest of [`${to}-wal`, `${to}-journal`])
    if (statSync(rest, { throwIfNoEntry: false }))
      throw new StoreError(`Cannot write ${to}: there is ${rest}, of a database that is or was in use.`)
  if (target && !replace)
    throw new StoreError(`${to} exists already. Name another file, or replace it with --force.`)
}

const copyTo = (copy: string, from: string): void => {
  using db = open(from)
  versionOf(db)
  db.run('vacuum into ?', [copy])
}

const check = (copy: string): Backup => {
  using db = open(copy)
  const flaw = db.query<{ integrity_check: string }, []>('pragma integrity_check(1)').get()?.integrity_check
  if (flaw !== 'ok') throw new StoreError(`The database is damaged, and no copy was made: ${flaw}.`)
  return {
    bytes: statSync(copy).size,
    version: versionOf(db),
    jobs: count(db, 'jobs'),
    tasks: count(db, 'tasks'),
  }
}

const open = (file: string): Database => {
  const db = new Database(file, { readonly: true })
  // Of a million tasks the check takes 1.9 s with 64 MiB, and 3.9 s with what SQLite takes by default.
  db.run('pragma cache_size = -65536')
  db.run(`pragma busy_timeout = ${patienceMs}`)
  return db
}

const count = (db: Database, table: 'jobs' | 'tasks'): number =>
  db.query<{ rows: number }, []>(`select count(*) as rows from sheaf_${table}`).get()?.rows ?? 0

/** Of a file or a folder: what it holds is on disk. */
const sync = (path: string): void => {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
