import { turn } from '../../kinds/call/turn.ts'
import * as child from './watchdog-child.ts' with { type: 'text' }

/**
 * A thread that looks on, and writes to stderr when the event loop is blocked for 2 s, 4 s, 8 s …, and by which handler: by then
 * nothing else could. Takes about 6 MB and 2.5 ms of a second, as measured on one machine.
 */
export class Watchdog {
  readonly #beat = new Float64Array(new SharedArrayBuffer(8))
  readonly #worker: Worker

  /** Now is the time as of which the event loop turned last, should it not turn again. */
  constructor(now: number) {
    this.beat(now)
    // As text it is part of a compiled executable without being named as an entry point.
    const text = String(Reflect.get(child, 'default'))
    const url = URL.createObjectURL(new Blob([text], { type: 'application/typescript' }))
    // Bun has this, the browser does not, and the types of the browser win.
    const worker = new Worker(url) as Worker & Pick<Bun.Worker, 'unref'>
    worker.unref()
    this.#worker = worker
    const json = !process.stderr.isTTY
    worker.postMessage({ beat: this.#beat, turn: turn.cell, names: turn.names, json })
  }

  /** To be called twice a second, with the time. */
  beat(now: number): void {
    this.#beat[0] = now
  }

  stop(): void {
    this.#worker.terminate()
  }
}
