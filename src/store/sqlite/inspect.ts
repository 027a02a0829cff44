import type { Database } from 'bun:sqlite'
import { statSync } from 'node:fs'
import type { Condition } from '../store.ts'

/** Up to this size the log is left alone. It is folded in by SQLite at 4 MB, and is longer only after a large commit, or behind a long reader. */
const longLogBytes = 64 * 1024 * 1024

/**
 * Looks at the files of an open database from time to time. A log that has become long is folded into the database as far as readers
 * allow, and cut to nothing once none holds it.
 */
export class Inspector {
  readonly #inode: number | undefined

  constructor(
    readonly db: Database,
    readonly file: string,
    readonly longBytes = longLogBytes,
  ) {
    this.#inode = statOf(file)?.ino
  }

  /** Folds nothing in if it may not write. */
  look(mayWrite: boolean): Condition {
    const walBytes = statOf(`${this.file}-wal`)?.size ?? 0
    const found = statOf(this.file)
    return {
      replaced: found?.ino !== this.#inode,
      fileBytes: found?.size ?? 0,
      walBytes,
      held: mayWrite && walBytes > this.longBytes && !this.#fold(),
    }
  }

  /** Whether all of the log was folded in. One that is held by a reader costs next to nothing to try again. */
  #fold(): boolean {
    const { log, checkpointed } = this.#checkpoint('passive')
    if (checkpointed < log) return false
    this.#checkpoint('truncate')
    return true
  }

  #checkpoint(mode: 'passive' | 'truncate'): { log: number; checkpointed: number } {
    const row: unknown = this.db.query(`pragma wal_checkpoint(${mode})`).get()
    const { log, checkpointed } = Object(row)
    return { log: Number(log), checkpointed: Number(checkpointed) }
  }
}

const statOf = (file: string) => statSync(file, { throwIfNoEntry: false })
