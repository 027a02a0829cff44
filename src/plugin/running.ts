import { resolve } from 'node:path'
import { assemble, type Parts, type PartsOptions } from '../assemble.ts'

export interface RunningOptions extends PartsOptions {
  /** Sees to it that a job ends, where time does not go on by itself. */
  drive?: ((parts: Parts, job: string) => Promise<void>) | undefined
}

/** Those that have a database open, by what {@link Running.name} says. */
const open = new Map<string, Running>()
/** No two databases in memory are one. */
let memories = 0

/**
 * Sheaf within another app: put together when it is first needed, and again after a stop. Elysia lets a plugin that is used twice add its
 * routes once, but its decorators twice; so in one process all of one prefix and file are one, the first that was needed.
 */
export class Running {
  #begun: { parts: Parts; started: Promise<void> } | undefined
  #stopping: Promise<void> | undefined
  /** The same for all that are one. */
  readonly name: string

  constructor(readonly options: RunningOptions) {
    const { database } = options.config
    const file = database === ':memory:' ? `${database}${++memories}` : resolve(database)
    this.name = `${options.app?.prefix} ${file}`
  }

  /** Opens the database and starts, unless that was done. Throws a StoreError or a ConfigError when it cannot be opened. */
  begin(): Promise<Parts> {
    const first = this.#first()
    if (first !== this) return first.begin()
    if (this.#begun === undefined) {
      const parts = assemble(this.options)
      this.#begun = { parts, started: this.#start(parts) }
      open.set(this.name, this)
    }
    const { parts, started } = this.#begun
    return started.then(() => parts)
  }

  /** The parts, if the database is open. */
  get opened(): Parts | undefined {
    return this.#first().#begun?.parts
  }

  /** Gives back what runs, hangs up on who listens, lets `lastWord` end what else goes on, and closes the database. */
  stop(lastWord: () => Promise<unknown> = async () => {}): Promise<void> {
    const first = this.#first()
    if (first !== this) return first.stop(lastWord)
    this.#stopping ??= this.#stop(lastWord).finally(() => {
      this.#stopping = undefined
    })
    return this.#stopping
  }

  async #start(parts: Parts): Promise<void> {
    try {
      await parts.start()
    } catch (error) {
      await this.#close(parts)
      throw error
    }
  }

  async #stop(lastWord: () => Promise<unknown>): Promise<void> {
    const parts = this.#begun?.parts
    await parts?.quiesce()
    parts?.hangUp()
    try {
      await lastWord()
    } finally {
      if (parts) await this.#close(parts)
    }
  }

  async #close(parts: Parts): Promise<void> {
    await parts.close()
    this.#begun = undefined
    open.delete(this.name)
  }

  #first(): Running {
    return open.get(this.name) ?? this
  }
}
