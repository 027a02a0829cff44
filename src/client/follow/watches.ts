import { matches } from '../../job/pattern.ts'
import type { QueueView } from '../../job/queue-wire.ts'
import type { Line } from './line.ts'
import type { QueueLoop } from './queue-loop.ts'

/** The loops over queues on the line. What an event tells is a state, so one that is told twice does no harm. */
export class Watches {
  #loops = new Set<QueueLoop>()

  constructor(
    readonly line: Line,
    /** Asks for a queue as it stands. */
    readonly current: (name: string) => Promise<QueueView>,
  ) {}

  get any(): boolean {
    return this.#loops.size > 0
  }

  join(loop: QueueLoop): void {
    this.#loops.add(loop)
    this.#subscribe(loop)
  }

  /** Returns whether it was one of them. */
  leave(loop: QueueLoop): boolean {
    const { pattern } = loop
    const left = this.#loops.delete(loop)
    if (left && ![...this.#loops].some((other) => other.pattern === pattern))
      this.line.send({ type: 'unsubscribe', queues: pattern })
    return left
  }

  /** The line is up, and the server knows of no subscription. */
  up(): void {
    for (const loop of this.#loops) {
      this.#subscribe(loop)
      void this.#recall(loop)
    }
  }

  deliver(queue: QueueView): void {
    for (const loop of [...this.#loops]) if (matches(loop.pattern, queue.name)) loop.put(queue)
  }

  /** The server refused a name or a pattern; without one, all of them. */
  fail(error: unknown, pattern?: string): void {
    for (const loop of [...this.#loops]) if (loop.pattern === (pattern ?? loop.pattern)) loop.fail(error)
  }

  #subscribe({ pattern }: QueueLoop): void {
    this.line.send({ type: 'subscribe', queues: pattern })
  }

  /** The server tells of what is not open: what is open again by now has to be asked for. */
  async #recall(loop: QueueLoop): Promise<void> {
    for (const [name, before] of [...loop.troubled]) {
      if (!this.#loops.has(loop)) return
      // Should the server not be reached, the line will be down and up once more.
      const queue = await this.current(name).catch(() => undefined)
      if (queue && loop.troubled.get(name) === before) loop.put(queue)
    }
  }
}
