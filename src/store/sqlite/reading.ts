import type { Database, Statement } from 'bun:sqlite'

/**
 * The reads of one turn of the event loop share a transaction. Each by itself asks the file system for a lock and gives it back,
 * which takes 2 µs: as long as it takes to read a job. What a busy moment reads is of one moment, too.
 */
export class Reading {
  readonly #begin: Statement
  readonly #rollback: Statement
  #open = false

  constructor(readonly db: Database) {
    this.#begin = db.prepare('begin')
    this.#rollback = db.prepare('rollback')
  }

  /** To be called before each read. It ends by itself. */
  start(): void {
    if (this.#open) return
    this.#begin.run()
    this.#open = true
    setImmediate(() => this.end())
  }

  /** To be called before anything else is done to the database. */
  end(): void {
    if (!this.#open) return
    this.#open = false
    // Nothing was written; and to commit would fail once more with what a read has met, unless that has ended it already.
    if (this.db.inTransaction) this.#rollback.run()
  }
}
