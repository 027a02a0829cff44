import type { QueueView } from '../../job/queue-wire.ts'
import { Loop } from './loop.ts'

/** What brings queues to a loop. */
export interface QueueSource {
  /** The loop has begun. */
  want(loop: QueueLoop): void
  /** The loop wants nothing more. */
  leave(loop: QueueLoop): void
}

/**
 * One loop over what happens to some queues. Of a queue that changes again before the loop has taken it, only the latest
 * state waits: a slow loop costs no more than there are queues.
 */
export class QueueLoop extends Loop<QueueView> {
  /** Those that were not open when they were last told of: they may be by the time that a lost connection is won back. */
  readonly troubled = new Map<string, QueueView>()
  #latest = new Map<string, QueueView>()

  constructor(
    readonly source: QueueSource,
    /** A name, or a pattern of names. */
    readonly pattern: string,
    signal: AbortSignal,
  ) {
    super(signal)
  }

  put(queue: QueueView): void {
    if (!this.going) return
    if (queue.status === 'open') this.troubled.delete(queue.name)
    else this.troubled.set(queue.name, queue)
    if (!this.hand(queue)) this.#latest.set(queue.name, queue)
  }

  protected begin(): void {
    this.source.want(this)
  }

  protected leave(): void {
    this.source.leave(this)
  }

  protected shift(): QueueView | undefined {
    for (const [name, queue] of this.#latest) {
      this.#latest.delete(name)
      return queue
    }
    return undefined
  }

  protected clear(): void {
    this.#latest.clear()
  }
}
