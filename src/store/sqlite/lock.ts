import { Database, SQLiteError } from 'bun:sqlite'
import { closeSync, openSync, realpathSync, statSync } from 'node:fs'
import { StoreError } from '../store.ts'
import { cannotOpen } from './faults.ts'

/**
 * One process a file. The lock is SQLite's own exclusive lock on an empty file beside the database, held while the process lives:
 * the operating system lets go of it however the process ends, so a kill leaves no stale lock behind,
 * and the database itself stays open to readers such as the sqlite3 shell.
 */
export const lock = (file: string): { release(): void } => {
  const held = new Database(`${canonical(file)}.lock`, { create: true })
  try {
    held.run('pragma busy_timeout = 0')
    held.run('pragma journal_mode = memory')
    held.run('begin exclusive')
  } catch (error) {
    held.close(true)
    if (!(error instanceof SQLiteError && error.code === 'SQLITE_BUSY')) throw cannotLock(file, error)
    throw new StoreError(
      `Sheaf has ${file} open already, in this process or another. One process a file: stop the other, or name another file.`,
    )
  }
  return { release: () => held.close(true) }
}

const cannotLock = (file: string, error: unknown): StoreError =>
  error instanceof SQLiteError && error.code === 'SQLITE_NOTADB'
    ? new StoreError(`Cannot open ${file}.lock: ${error.message}. Sheaf keeps nothing in it: remove it.`)
    : cannotOpen(`${file}.lock`, error)

/**
 * The same file under two names (a link, a relative path) must meet the same lock, so the file has to be there: SQLite
 * takes an empty one for a new database. One that exists is never opened here: closing it would drop the locks that
 * SQLite holds on it in this process (https://sqlite.org/howtocorrupt.html, 2.2).
 */
const canonical = (file: string): string => {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) closeSync(openSync(file, 'a'))
  else if (!found.isFile()) throw new StoreError(`Cannot open ${file}: it is not a file.`)
  return realpathSync(file)
}
