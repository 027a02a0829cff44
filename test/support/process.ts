import { join } from 'node:path'
import type { Subprocess } from 'bun'

type Child = Subprocess<'ignore', 'pipe', 'pipe'>
type Environment = Record<string, string>

/** How a process ended: one of the two. */
export interface Exit {
  code: number | null
  signal: string | null
}

/** How long a readiness probe waits before it knocks again. */
const knockMs = 10

/** A process of its own, with what it writes. Disposed of, it is killed and gone. */
export class ChildProcess implements AsyncDisposable {
  readonly stdout: Output
  readonly stderr: Output
  readonly ended: Promise<Exit>
  readonly #child: Child

  /**
   * Of this process's environment it inherits only where programs are: no setting and no `NODE_ENV`. It dies with this
   * process, however that ends (see `run.noOrphans` of Bun).
   */
  constructor(command: string[], cwd: string, env: Environment = {}) {
    const { PATH = '', HOME = '', TMPDIR } = process.env
    this.#child = Bun.spawn(command, {
      cwd,
      env: { PATH, HOME, ...(TMPDIR && { TMPDIR }), BUN_FEATURE_FLAG_NO_ORPHANS: '1', ...env },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    this.stdout = new Output(this.#child.stdout)
    this.stderr = new Output(this.#child.stderr)
    this.ended = this.#end()
  }

  get pid(): number {
    return this.#child.pid
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  /** Sends the signal and waits for the end. */
  kill(name: NodeJS.Signals): Promise<Exit> {
    this.signal(name)
    return this.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) this.signal('SIGKILL')
    await this.ended
  }

  async #end(): Promise<Exit> {
    await this.#child.exited
    await Promise.all([this.stdout.closed, this.stderr.closed])
    const { exitCode, signalCode } = this.#child
    return signalCode === null ? { code: exitCode, signal: null } : { code: null, signal: String(signalCode) }
  }
}

/** What a process writes, as it comes. */
export class Output {
  text = ''
  readonly closed: Promise<void>
  #open = true
  #changed = Promise.withResolvers<void>()

  constructor(stream: ReadableStream<Uint8Array>) {
    this.closed = this.#read(stream)
  }

  /** The whole lines so far. */
  get lines(): string[] {
    return this.text.split('\n').slice(0, -1)
  }

  /** The first line that fits, as soon as it is written. Rejects when the process ends without one. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = this.lines.find((candidate) => pattern.test(candidate))
      if (line !== undefined) return line
      if (!this.#open)
        throw new Error(`The process ended without a line like ${pattern}, but with: ${this.text}`)
      await this.#changed.promise
    }
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    for await (const chunk of stream) {
      this.text += decoder.decode(chunk, { stream: true })
      this.#tell()
    }
    this.#open = false
    this.#tell()
  }

  #tell(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

/** What is answered at a URL, once the process listens there. */
export const answerOf = async (process: ChildProcess, url: string): Promise<Response> => {
  for (;;) {
    try {
      return await fetch(url, { method: 'POST' })
    } catch {
      if (!process.running) throw new Error(`The process ended before it listened: ${process.stderr.text}`)
      await Bun.sleep(knockMs)
    }
  }
}

const main = join(import.meta.dir, '../../src/main.ts')

/** A Sheaf server, started as `bun run start` starts it. */
export class ServerProcess extends ChildProcess {
  /** The process runs in `folder`, so that a path in a setting, or none, stays within it. */
  constructor(
    folder: string,
    readonly port: number,
    env: Environment = {},
  ) {
    const defaults = {
      SHEAF_DATABASE: join(folder, 'sheaf.db'),
      SHEAF_EGRESS_ALLOW: '127.0.0.1,localhost',
      SHEAF_LOG: 'warn',
    }
    super([process.execPath, main], folder, { PORT: String(port), ...defaults, ...env })
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Waits until it takes jobs; `knocked` is called after each probe that found it not there yet. */
  async ready(knocked: () => void = () => {}): Promise<this> {
    while (!(await this.#isOk('/readyz'))) {
      if (!this.running) throw new Error(`The server ended before it was ready: ${this.stderr.text}`)
      knocked()
      await Bun.sleep(knockMs)
    }
    return this
  }

  /** Waits until it takes no more jobs, but still answers. */
  async unready(): Promise<void> {
    while ((await fetch(`${this.url}/readyz`)).ok) await Bun.sleep(knockMs)
  }

  /** Whether it answers at all. */
  answers(): Promise<boolean> {
    return this.#isOk('/livez')
  }

  async #isOk(path: string): Promise<boolean> {
    try {
      return (await fetch(this.url + path)).ok
    } catch {
      return false
    }
  }
}

/** An upstream in a process of its own, which outlives the servers that a test kills; see `upstream.ts`. */
export class UpstreamProcess extends ChildProcess {
  url = ''

  static async start(folder: string): Promise<UpstreamProcess> {
    const upstream = new UpstreamProcess(
      [process.execPath, join(import.meta.dir, 'upstream-process.ts')],
      folder,
    )
    upstream.url = await upstream.stdout.line(/^http:/)
    return upstream
  }

  /** How many requests came with each Idempotency-Key. */
  async requests(): Promise<ReadonlyMap<string, number>> {
    const { keys }: { keys: Record<string, number> } = await (await fetch(`${this.url}/_counts`)).json()
    return new Map(Object.entries(keys))
  }
}

/**
 * A port that is free now and below those that outgoing connections are given (on Linux, 32768 and up): a client that
 * knocks at one of those while nobody listens is at some time given it for its own end, and connected to itself.
 */
export const freePort = (): number => {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    try {
      Bun.listen({ hostname: '127.0.0.1', port, socket: { data() {} } }).stop(true)
      return port
    } catch {
      // Taken: try another.
    }
  }
}
