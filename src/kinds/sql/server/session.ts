import type { ReservedSQL, SQL } from 'bun'

/** A connection while a task has it. */
export class Session {
  #spoilt = false
  #running = false
  #stop: (() => Promise<unknown>) | undefined

  constructor(
    readonly connection: ReservedSQL,
    readonly signal: AbortSignal,
  ) {
    signal.addEventListener('abort', this.#abort, { once: true })
  }

  /** Runs a query to its end. After an abort none begins any more, and one that runs is stopped: it rejects. */
  async do<T>(query: SQL.Query<T>): Promise<T & SQL.ResultMetadata> {
    this.signal.throwIfAborted()
    this.#running = true
    try {
      return await query
    } finally {
      this.#running = false
    }
  }

  /** Says how an abort makes the server stop what it does for this connection. Before that, nothing takes long. */
  stopBy(stop: () => Promise<unknown>): void {
    this.#stop = stop
  }

  /** Says that the connection is no longer as the next task expects it. */
  spoil(): void {
    this.#spoilt = true
  }

  /** To be called last, with whether the transaction has ended as it should. */
  async end(well: boolean): Promise<void> {
    this.signal.removeEventListener('abort', this.#abort)
    const clean = well && !this.#spoilt && !this.signal.aborted
    await (clean ? this.connection.release() : this.connection.close())
  }

  readonly #abort = () => {
    if (!this.#running) return
    // If the server cannot be told, what it ran is at least no longer waited for.
    this.#stop?.()
      .catch(() => this.connection.close())
      .catch(ignore)
  }
}

/** It is closed, then. */
const ignore = () => {}
