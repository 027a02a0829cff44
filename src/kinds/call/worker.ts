import type { Clock } from '../../clock.ts'
import type { RunContext } from '../kind.ts'
import { residentBytes } from './memory.ts'
import { isReport, type Report, type Start } from './messages.ts'
import type { Start as StartTransport, Transport } from './transport.ts'

/** A task as a worker takes it. */
export interface WorkerTask {
  order: Omit<Start, 'type' | 'id'>
  memoryMb: number | undefined
  context: Pick<RunContext, 'signal' | 'progress' | 'log'>
}

/** How a task ended, as far as the worker can tell. */
export type Ending =
  | Extract<Report, { type: 'done' | 'failed' }>
  /** `how` continues a sentence: "exited with code 3". */
  | { type: 'crashed'; how: string }
  | { type: 'memory_exceeded' }
  /** Its signal was aborted: who did that knows how the attempt ended. */
  | { type: 'aborted' }
  | { type: 'closed' }

export interface WorkerOptions {
  start: StartTransport
  clock: Pick<Clock, 'after'>
  /** How long a task whose signal was aborted may take to end, in milliseconds, before its worker is ended. */
  graceMs: number
}

/** How long the end of a worker is waited for. A thread does not end before the native code that it runs returns. */
const killMs = 2_000

/** A process that allocates as fast as it can takes about 50 MB in this time. */
const memoryMs = 25

/** After a task that took more than this part of its memory, there might be too little left for the next. */
const mostLeftOver = 0.5

interface Running {
  id: number
  task: WorkerTask
  /** May be called again, to no effect. */
  settle(ending: Ending): void
  /** Lets go of the worker: the task no longer runs in it. The ending counts if the task was not settled before. */
  free(ending?: Ending): void
}

/** A thread or a process that runs one task after the other, all of one handler. */
export class Worker {
  readonly #transport: Transport
  readonly #options: WorkerOptions
  readonly #gone = Promise.withResolvers<void>()
  #alive = true
  #ids = 0
  #running: Running | undefined

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#transport = options.start({
      heard: (message) => this.#heard(message),
      ended: (how) => this.#ended(how),
    })
  }

  /** Whether it can run another task. */
  get alive(): boolean {
    return this.#alive
  }

  /**
   * Resolves when the worker is idle or gone. Calls `settle` if the task's ending is known before that; if not, it is
   * what is resolved with.
   */
  async run(task: WorkerTask, settle: (ending: Ending) => void): Promise<Ending | undefined> {
    const { clock, graceMs } = this.#options
    const { signal } = task.context
    const { promise: freed, resolve: free } = Promise.withResolvers<Ending | undefined>()
    const id = ++this.#ids
    const running: Running = { id, task, settle, free }
    let cancelGrace = () => {}
    const abort = () => {
      running.settle({ type: 'aborted' })
      this.#transport.send({ type: 'abort', id })
      cancelGrace = clock.after(graceMs, () => void this.kill())
    }
    this.#running = running
    this.#transport.hold(true)
    signal.addEventListener('abort', abort, { once: true })
    const unwatch = this.#watchMemory(running)
    this.#transport.send({ type: 'start', id, ...task.order })
    const ending = await freed
    unwatch()
    cancelGrace()
    signal.removeEventListener('abort', abort)
    if (this.#alive && (await this.#isBloated(task))) await this.kill()
    if (this.#alive) this.#transport.hold(false)
    return ending
  }

  /** Ends it, and with it the task that runs; resolves when it is gone. May be called again. */
  async kill(ending: Ending = { type: 'closed' }): Promise<void> {
    this.#alive = false
    this.#running?.settle(ending)
    this.#transport.kill()
    const cancel = this.#options.clock.after(killMs, () => this.#ended('did not end'))
    await this.#gone.promise
    cancel()
  }

  #heard(message: unknown): void {
    const running = this.#running
    if (!isReport(message)) return
    if (message.type === 'crashed') {
      void this.kill({ type: 'crashed', how: `failed outside of its function: ${message.message}` })
      return
    }
    if (message.id !== running?.id) return
    const { context } = running.task
    switch (message.type) {
      case 'progress':
        if (!context.signal.aborted) context.progress(message.progress)
        return
      case 'log':
        context.log(message.message, message.fields)
        return
      case 'failed':
        // A module that failed to load is not loaded again by the same worker.
        if (message.why === 'not_loaded' || message.why === 'no_function') void this.kill(message)
        else this.#free(message)
        return
      case 'done':
        this.#free(message)
        return
      default:
        message satisfies never
    }
  }

  #ended(how: string): void {
    this.#alive = false
    this.#running?.settle({ type: 'crashed', how })
    this.#gone.resolve()
    this.#free()
  }

  #free(ending?: Ending): void {
    this.#running?.free(ending)
    this.#running = undefined
  }

  #watchMemory({ task, id }: Running): () => void {
    const { pid } = this.#transport
    const { memoryMb } = task
    if (pid === undefined || memoryMb === undefined) return () => {}
    let cancel = () => {}
    const look = async () => {
      const bytes = (await residentBytes(pid)) ?? 0
      if (this.#running?.id !== id) return
      if (bytes > memoryMb * megabyte) void this.kill({ type: 'memory_exceeded' })
      else arm()
    }
    const arm = () => {
      cancel = this.#options.clock.after(memoryMs, () => void look())
    }
    arm()
    return () => cancel()
  }

  async #isBloated({ memoryMb }: WorkerTask): Promise<boolean> {
    const { pid } = this.#transport
    if (pid === undefined || memoryMb === undefined) return false
    return ((await residentBytes(pid)) ?? 0) > memoryMb * megabyte * mostLeftOver
  }
}

const megabyte = 2 ** 20
