import { statSync } from 'node:fs'
import type { ServerProcess } from '../../support/process.ts'
import { type Holdings, holdingsOf } from '../kit/proc.ts'
import { ask, runJob } from '../kit/rest.ts'
import type { Load } from './load.ts'

export interface Sample extends Holdings {
  /** In seconds since the begin. */
  at: number
  /** The database without its log, and the log, in bytes. */
  file: number
  log: number
  /** Tasks whose jobs ended since the sample before, per second. */
  rate: number
}

/** What the server says of its own memory, right after garbage was collected. */
export interface HeapSample {
  at: number
  heap: number
  objects: number
  timers: number
}

export interface SamplerOptions {
  server: ServerProcess
  database: string
  load: Load
  everyMs: number
  /** How many samples there are from one look at the heap to the next: that stops the server for a moment. */
  heapEvery: number
}

/** Looks at a server from time to time. */
export class Sampler {
  readonly samples: Sample[] = []
  readonly heaps: HeapSample[] = []
  readonly #began = performance.now()
  #tasks = 0

  constructor(readonly options: SamplerOptions) {}

  async run(durationMs: number): Promise<void> {
    const { everyMs, heapEvery } = this.options
    for (let i = 1; i * everyMs <= durationMs; i += 1) {
      await Bun.sleep(Math.max(0, this.#began + i * everyMs - performance.now()))
      this.samples.push(this.#sample())
      if (i % heapEvery === 0) this.heaps.push(await this.#look())
    }
  }

  #sample(): Sample {
    const { server, database, load } = this.options
    const at = this.#elapsed()
    const passed = at - (this.samples.at(-1)?.at ?? 0)
    const rate = (load.tasks - this.#tasks) / passed
    this.#tasks = load.tasks
    const file = sizeOf(database)
    return { at, rate, file, log: sizeOf(`${database}-wal`), ...holdingsOf(server.pid) }
  }

  async #look(): Promise<HeapSample> {
    const { url } = this.options.server
    const tasks = [{ kind: 'call' as const, handler: 'hold', input: {} }]
    const { id } = await runJob(url, { tasks, priority: 9 })
    const results: unknown = await ask(`${url}/jobs/${id}/results`, 'GET')
    await ask(`${url}/jobs/${id}`, 'DELETE')
    const { data } = results as { data: { output: Omit<HeapSample, 'at'> }[] }
    const [held] = data
    if (held === undefined) throw new Error('The server says nothing of its memory')
    return { at: this.#elapsed(), ...held.output }
  }

  #elapsed(): number {
    return (performance.now() - this.#began) / 1_000
  }
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
