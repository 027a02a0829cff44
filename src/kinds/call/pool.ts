import type { Clock } from '../../clock.ts'
import type { Start } from './transport.ts'
import { type Ending, Worker, type WorkerTask } from './worker.ts'

export interface PoolOptions {
  start: Start
  clock: Pick<Clock, 'after'>
  /** How many tasks run at once. As many workers more may stand idle. */
  size: number
  /** How long a worker may be idle before it is ended, in milliseconds. */
  idleMs: number
  /** How long a task may go on after its signal was aborted, in milliseconds. */
  graceMs: number
}

interface Waiting {
  owner: string
  task: WorkerTask
  /** Settles the run, and leaves the signal. */
  settle(ending: Ending): void
}

interface Idle {
  owner: string
  worker: Worker
  cancel(): void
}

/**
 * Workers of one sort: started when a task needs one, kept for the next task of the same owner, ended when idle for
 * long. A worker never runs tasks of two owners, so what one leaves behind (a timer, a leak, a patched global) is no
 * concern of another's.
 */
export class Pool {
  readonly #options: PoolOptions
  readonly #waiting = new Set<Waiting>()
  readonly #busy = new Set<Worker>()
  /** In the order they became idle. */
  readonly #idle = new Set<Idle>()
  /** Runs and ends of workers that are under way. */
  readonly #pending = new Set<Promise<void>>()
  #closed: Promise<void> | undefined

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /** Waits for its turn, first come, first served; a task whose signal is aborted leaves. Never rejects. */
  run(owner: string, task: WorkerTask): Promise<Ending> {
    const { signal } = task.context
    if (this.#closed) return Promise.resolve({ type: 'closed' })
    if (signal.aborted) return Promise.resolve({ type: 'aborted' })
    return new Promise((resolve) => {
      const leave = () => {
        this.#waiting.delete(waiting)
        resolve({ type: 'aborted' })
      }
      const waiting: Waiting = {
        owner,
        task,
        settle: (ending) => {
          signal.removeEventListener('abort', leave)
          resolve(ending)
        },
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#waiting.add(waiting)
      this.#next()
    })
  }

  /** Ends every worker, whatever it does; resolves when all are gone. May be called again. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    for (const { settle } of this.#waiting) settle({ type: 'closed' })
    this.#waiting.clear()
    for (const idle of this.#idle) this.#dismiss(idle)
    for (const worker of this.#busy) this.#track(worker.kill())
    await Promise.all(this.#pending)
  }

  #next(): void {
    for (const waiting of this.#waiting) {
      if (this.#busy.size >= this.#options.size) return
      this.#waiting.delete(waiting)
      this.#track(this.#run(waiting))
    }
  }

  async #run({ owner, task, settle }: Waiting): Promise<void> {
    const worker = this.#take(owner, settle)
    if (!worker) return
    this.#busy.add(worker)
    const ending = await worker.run(task, settle)
    this.#busy.delete(worker)
    if (worker.alive && !this.#closed) this.#keep(owner, worker)
    this.#next()
    // Last, so that who hears of it and comes at once finds the worker idle.
    if (ending) settle(ending)
  }

  /** The one that was idle last has the warmest caches. */
  #take(owner: string, settle: Waiting['settle']): Worker | undefined {
    for (const idle of [...this.#idle].reverse()) {
      if (idle.owner !== owner) continue
      this.#idle.delete(idle)
      idle.cancel()
      if (idle.worker.alive) return idle.worker
    }
    try {
      return new Worker(this.#options)
    } catch (error) {
      // No more processes, no more files: the machine's state, which may pass.
      settle({
        type: 'crashed',
        how: `could not be started: ${error instanceof Error ? error.message : error}`,
      })
      return undefined
    }
  }

  #keep(owner: string, worker: Worker): void {
    const { clock, idleMs, size } = this.#options
    const idle: Idle = { owner, worker, cancel: clock.after(idleMs, () => this.#dismiss(idle)) }
    this.#idle.add(idle)
    const [oldest] = this.#idle
    if (oldest && this.#idle.size > size) this.#dismiss(oldest)
  }

  #dismiss(idle: Idle): void {
    idle.cancel()
    this.#idle.delete(idle)
    this.#track(idle.worker.kill())
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#pending.delete(tracked))
    this.#pending.add(tracked)
  }
}
