import { join } from 'node:path'
import { type Exit, freePort, ServerProcess } from '../support/process.ts'
import type { Gate } from './gate.ts'

const handlers = join(import.meta.dir, 'handlers.ts')

/** One server after another, at one address, on one file. */
export class Lives implements AsyncDisposable {
  readonly database: string
  readonly port = freePort()
  #past: ServerProcess[] = []
  #current: ServerProcess | undefined

  constructor(
    readonly folder: string,
    readonly gate: Gate,
  ) {
    this.database = join(folder, 'sheaf.db')
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** What all of them wrote to stderr. */
  get stderr(): string {
    return this.#past.map((server) => server.stderr.text).join('')
  }

  /** Starts one unless one runs, and waits until it takes jobs. */
  async start(knocked?: () => void): Promise<void> {
    if (this.#current?.running) return
    const server = new ServerProcess(this.folder, this.port, {
      SHEAF_DATABASE: this.database,
      SHEAF_HANDLERS: handlers,
    })
    this.#past.push(server)
    this.#current = server
    await server.ready(knocked)
    this.gate.open()
  }

  async end(signal: NodeJS.Signals): Promise<Exit> {
    if (this.#current === undefined) throw new Error('No server was started')
    this.gate.close()
    return this.#current.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#current?.[Symbol.asyncDispose]()
  }
}
