import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Failpoint } from '../../src/failpoint.ts'
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
    const server = this.#current?.running ? this.#current : this.#begin()
    await server.ready(knocked)
    this.gate.open()
  }

  /** Starts one that dies when it passes a point for the n-th time, and waits for that. One that runs is stopped before. */
  async passing(failpoint: Failpoint, times: number): Promise<Exit> {
    if (this.#current?.running) await this.end('SIGTERM')
    const server = this.#begin({ SHEAF_FAILPOINT: `${failpoint}:${times}` })
    // It may die before it is ready.
    server.ready().then(
      () => this.gate.open(),
      () => {},
    )
    const exit = await server.ended
    this.gate.close()
    return exit
  }

  /** Sends the signal to the one that runs, and waits for its end. */
  async end(signal: NodeJS.Signals): Promise<Exit> {
    this.gate.close()
    return this.#running.kill(signal)
  }

  /** Resolves when the running one has ended by itself. */
  get ended(): Promise<Exit> {
    return this.#running.ended
  }

  signal(signal: NodeJS.Signals): void {
    if (signal === 'SIGTERM') this.gate.close()
    this.#running.signal(signal)
  }

  /** Does something while nothing in the server moves. */
  async frozen<T>(action: () => Promise<T>): Promise<T> {
    this.#running.signal('SIGSTOP')
    await stopped(this.#running.pid)
    try {
      return await action()
    } finally {
      this.#running.signal('SIGCONT')
    }
  }

  get #running(): ServerProcess {
    if (this.#current === undefined) throw new Error('No server was started')
    return this.#current
  }

  #begin(env: Record<string, string> = {}): ServerProcess {
    const server = new ServerProcess(this.folder, this.port, {
      SHEAF_DATABASE: this.database,
      SHEAF_HANDLERS: handlers,
      ...env,
    })
    this.#past.push(server)
    this.#current = server
    return server
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#current?.[Symbol.asyncDispose]()
  }
}

/** Waits until every thread of a process that was told to stop has stopped. */
const stopped = async (pid: number): Promise<void> => {
  for (;;) {
    const states = await Promise.all(
      (await readdir(`/proc/${pid}/task`)).map((thread) =>
        readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8'),
      ),
    )
    if (states.every((state) => /\) T /.test(state))) return
    await Bun.sleep(1)
  }
}
