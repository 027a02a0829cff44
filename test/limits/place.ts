import { join } from 'node:path'
import { connect, type Sheaf } from '../../src/client.ts'
import { temporaryFolder } from '../support/folder.ts'
import type { Arrival } from '../support/limited-upstream.ts'
import { ChildProcess, freePort, ServerProcess } from '../support/process.ts'

/**
 * A server in a process of its own, an upstream with limits in another that outlives it, and a client that goes on when the
 * server is killed and started again. At the end of the test all of it is gone.
 */
export class Place implements AsyncDisposable {
  readonly sheaf: Sheaf
  readonly #folder = temporaryFolder()
  readonly #port = freePort()
  readonly #upstream: ChildProcess
  #url = ''
  #server: ServerProcess | undefined

  private constructor(readonly env: Record<string, string>) {
    const upstream = join(import.meta.dir, '../support/limited-upstream-process.ts')
    this.#upstream = new ChildProcess([process.execPath, upstream], this.#folder.path)
    this.sheaf = connect(`http://${this.address}`)
  }

  /** Of the server. */
  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** With the server ready. `env` are settings of it. */
  static async open(env: Record<string, string> = {}): Promise<Place> {
    const place = new Place(env)
    place.#url = await place.#upstream.stdout.line(/^http:/)
    await place.start()
    return place
  }

  async start(): Promise<void> {
    this.#server = new ServerProcess(this.#folder.path, this.#port, this.env)
    await this.#server.ready()
  }

  async kill(): Promise<void> {
    await this.#server?.kill('SIGKILL')
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }

  /** So many tasks, each of which asks the upstream for this path, in a queue of the name that is in it. */
  tasks(path: `${string}/${string}`, count: number) {
    const [, queue = ''] = path.split('/')
    return Array.from({ length: count }, () => ({
      kind: 'http' as const,
      url: `${this.#url}/${path}`,
      queue,
    }))
  }

  /** The requests of a name, once there are so many of them. */
  async arrivals(name: string, count = 0): Promise<Arrival[]> {
    return (await fetch(`${this.#url}/_arrivals/${name}?count=${count}`)).json()
  }

  /** When each task of a job was claimed, the last time, by its Idempotency-Key. */
  async claims(job: string): Promise<ReadonlyMap<string, number>> {
    const { data } = await this.sheaf.api.jobs({ id: job }).tasks.get({ query: { limit: 1_000 } })
    return new Map(data?.data.map(({ index, startedAt }) => [`${job}-${index}`, Date.parse(startedAt ?? '')]))
  }

  /** The upstream fails under this name from now on, or works again. */
  async break(name: string): Promise<void> {
    await fetch(`${this.#url}/_down/${name}`, { method: 'PUT' })
  }
  async mend(name: string): Promise<void> {
    await fetch(`${this.#url}/_down/${name}`, { method: 'DELETE' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sheaf.close()
    await this.#server?.[Symbol.asyncDispose]()
    await this.#upstream[Symbol.asyncDispose]()
    this.#folder[Symbol.dispose]()
  }
}
