import { SqliteProcess } from './process.ts'

/** As many statements of a source run at once; each idle process holds about 26 MB. */
export const mostProcesses = 4

/** The processes of a source: started when all others are busy, lent to one query at a time, first come, first served. */
export class SqliteProcesses {
  readonly #all = new Set<SqliteProcess>()
  readonly #idle: SqliteProcess[] = []
  readonly #waiting = new Set<(process: SqliteProcess) => void>()

  /** Resolves with nothing when the signal is aborted first. */
  async take(signal: AbortSignal): Promise<SqliteProcess | undefined> {
    if (signal.aborted) return undefined
    const idle = this.#idle.pop()
    if (idle?.alive) return idle
    if (idle) this.#all.delete(idle)
    return this.#all.size < mostProcesses ? this.#start() : this.#wait(signal)
  }

  /** Takes back what was lent, alive or not. */
  async give(process: SqliteProcess): Promise<void> {
    if (process.alive) return this.#lend(process)
    this.#all.delete(process)
    if (this.#waiting.size > 0) this.#lend(this.#start())
  }

  async close(): Promise<void> {
    const all = [...this.#all]
    this.#all.clear()
    this.#idle.length = 0
    await Promise.all(all.map((process) => process.kill()))
  }

  #start(): SqliteProcess {
    const process = new SqliteProcess()
    this.#all.add(process)
    return process
  }

  #lend(process: SqliteProcess): void {
    const [next] = this.#waiting
    if (!next) {
      this.#idle.push(process)
      return
    }
    this.#waiting.delete(next)
    next(process)
  }

  #wait(signal: AbortSignal): Promise<SqliteProcess | undefined> {
    return new Promise((resolve) => {
      const take = (process: SqliteProcess) => {
        signal.removeEventListener('abort', leave)
        resolve(process)
      }
      const leave = () => {
        this.#waiting.delete(take)
        resolve(undefined)
      }
      this.#waiting.add(take)
      signal.addEventListener('abort', leave, { once: true })
    })
  }
}
