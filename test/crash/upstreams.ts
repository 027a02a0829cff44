import { join } from 'node:path'
import { ChildProcess, UpstreamProcess } from '../support/process.ts'

/** Of the queue `paced`: several servers live and die in the time of one rate. */
export const pace = { limit: 10, perMs: 3_000 }

/** Two upstreams that outlive the servers: the one of all tests, and one that throttles. */
export class Upstreams implements AsyncDisposable {
  private constructor(
    readonly plain: UpstreamProcess,
    readonly throttling: ChildProcess,
    /** Of the one that throttles. */
    readonly url: string,
  ) {}

  static async start(folder: string): Promise<Upstreams> {
    const throttling = new ChildProcess(
      [process.execPath, join(import.meta.dir, 'upstream-process.ts')],
      folder,
    )
    return new Upstreams(
      await UpstreamProcess.start(folder),
      throttling,
      await throttling.stdout.line(/^http:/),
    )
  }

  /** How many requests came with each Idempotency-Key. */
  async requests(): Promise<ReadonlyMap<string, number>> {
    const { keys } = await this.#counts()
    return new Map([...(await this.plain.requests()), ...Object.entries(keys)])
  }

  /** The most requests of the queue `paced` in two thirds of the time of its rate: the last third is for the way here. */
  async fastest(): Promise<number> {
    const { arrivals } = await this.#counts()
    return Math.max(
      ...arrivals.map(
        (from) => arrivals.filter((at) => at >= from && at < from + (pace.perMs * 2) / 3).length,
      ),
    )
  }

  async #counts(): Promise<{ keys: Record<string, number>; arrivals: number[] }> {
    return (await fetch(`${this.url}/_counts`)).json()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.plain[Symbol.asyncDispose]()
    await this.throttling[Symbol.asyncDispose]()
  }
}
