import { Database } from 'bun:sqlite'
import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { StoreError } from '../store.ts'

/**
 * One process a file. The lock is SQLite's own exclusive lock on an empty file beside the database, held while the process lives:
 * the operating system lets go of it however the process ends, so a kill leaves no stale lock behind,
 * and the database itself stays open to readers such as the sqlite3 shell.
 */
export const lock = (file: string): { release(): void } => {
  const held = new Database(`${canonical(file)}.lock`, { create: true })
  try {
    held.run('pragma busy_timeout = 0')
    held.run('begin exclusive')
  } catch {
    held.close()
    throw new StoreError(
      `Another process has ${file} open. One process a file: stop the other, or name another file.`,
    )
  }
  return { release: () => held.close() }
}

/** The same file under two names (a link, a relative path) must meet the same lock. */
const canonical = (file: string): string => {
  try {
    return realpathSync(file)
  } catch {
    return join(realpathSync(dirname(resolve(file))), basename(file))
  }
}
