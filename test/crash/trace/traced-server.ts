import { join } from 'node:path'
import { ChildProcess, freePort } from '../../support/process.ts'
import type { Traced } from './order.ts'

const tracer = join(import.meta.dir, 'tracer.ts')
const main = join(import.meta.dir, '../../../src/main.ts')
const handlers = join(import.meta.dir, '../handlers.ts')

/** How long a probe waits before it knocks again. */
const knockMs = 10

/** A server whose system calls are recorded. */
export class TracedServer extends ChildProcess {
  readonly port: number
  readonly #report: string

  /** `marks` is the pattern of what is looked for in what it writes and sends. */
  constructor(folder: string, marks: string, env: Record<string, string> = {}) {
    const report = join(folder, 'system-calls.ndjson')
    const port = freePort()
    super([process.execPath, tracer, report, marks, process.execPath, main], folder, {
      PORT: String(port),
      SHEAF_DATABASE: join(folder, 'sheaf.db'),
      SHEAF_HANDLERS: handlers,
      SHEAF_LOG: 'warn',
      ...env,
    })
    this.port = port
    this.#report = report
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async ready(): Promise<this> {
    for (;;) {
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined)
      if (answer?.ok) return this
      if (!this.running)
        throw new Error(`The server could not be traced: ${this.stderr.text}${this.stdout.text}`)
      await Bun.sleep(knockMs)
    }
  }

  /** Stops the server, and gives what it did. */
  async stop(): Promise<Traced[]> {
    process.kill(Number(await this.stdout.line(/^\d+$/)), 'SIGTERM')
    await this.ended
    const lines = (await Bun.file(this.#report).text()).trimEnd().split('\n')
    return lines.map((line) => JSON.parse(line))
  }
}
