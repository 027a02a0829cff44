import type { Engine, QueueView } from '../../engine/engine.ts'
import { viewQueue } from '../../engine/queue-view.ts'
import { mostPatterns } from '../../job/commands.ts'
import { Problem } from '../../job/errors.ts'
import type { QueueEvent } from '../../job/events.ts'
import { isPattern, matches } from '../../job/pattern.ts'
import { closes } from './closes.ts'
import type { Outbox } from './outbox.ts'

/** More queues than these do not wait for a reader to be told of. */
const mostChanged = 10_000
/** How many queues are read at once to find those that are not open. */
const pageSize = 1_000

interface Subscription {
  /** What was told since it began, while the state at its beginning is still being read: that is older. */
  told: Set<string> | undefined
}

/**
 * The queues that one socket watches. A queue that changes again before it was told of is told of once: so a slow reader
 * costs no more than there are queues, and one that is too slow even for that is let go.
 */
export class QueueWatch {
  #subscriptions = new Map<string, Subscription>()
  #changed = new Map<string, QueueView>()
  #sending: string | undefined
  #unwatch: (() => void) | undefined

  constructor(
    readonly engine: Engine,
    readonly outbox: Outbox,
    /** Says what went wrong with a name or pattern. */
    readonly tell: (error: unknown, pattern: string) => void,
  ) {}

  /** Watches a queue, or all that match a pattern; done twice, tells again how they stand. Throws a Problem. */
  add(pattern: string): void {
    if (!this.#subscriptions.has(pattern) && this.#subscriptions.size >= mostPatterns)
      throw new Problem(
        'conflict',
        `Expected at most ${mostPatterns} names and patterns of queues a socket, got one more.`,
        { queues: pattern },
      )
    this.remove(pattern)
    const subscription: Subscription = { told: new Set() }
    this.#subscriptions.set(pattern, subscription)
    this.#unwatch ??= this.engine.watchQueues((queue) => this.#take(queue))
    void this.#begin(pattern, subscription)
  }

  remove(pattern: string): void {
    const subscription = this.#subscriptions.get(pattern)
    if (subscription === undefined) return
    this.#subscriptions.delete(pattern)
    this.outbox.withdraw(subscription)
    for (const name of this.#changed.keys()) if (!this.#watches(name)) this.#changed.delete(name)
    if (this.#sending !== undefined && !this.#watches(this.#sending)) this.outbox.withdraw(this)
    if (this.#subscriptions.size === 0) this.#stop()
  }

  close(): void {
    this.#subscriptions.clear()
    this.#changed.clear()
    this.#stop()
  }

  /** Tells how things stand: of a queue in any case, of a pattern what is not open. */
  async #begin(pattern: string, subscription: Subscription): Promise<void> {
    try {
      for await (const queue of isPattern(pattern) ? this.#notOpen(pattern) : [this.engine.queue(pattern)]) {
        if (this.#subscriptions.get(pattern) !== subscription) return
        if (!subscription.told?.has(queue.name)) await this.outbox.send(subscription, textOf(queue))
      }
      subscription.told = undefined
    } catch (error) {
      if (this.#subscriptions.get(pattern) !== subscription) return
      this.remove(pattern)
      this.tell(error, pattern)
    }
  }

  async *#notOpen(pattern: string): AsyncGenerator<QueueView> {
    let after: string | undefined
    do {
      const page = await this.engine.queues({ after, limit: pageSize })
      yield* page.filter(({ name, status }) => status !== 'open' && matches(pattern, name))
      after = page.length < pageSize ? undefined : page.at(-1)?.name
    } while (after !== undefined)
  }

  #take(queue: QueueView): void {
    const { name } = queue
    let watched = false
    for (const [pattern, { told }] of this.#subscriptions) {
      if (!matches(pattern, name)) continue
      watched = true
      told?.add(name)
    }
    if (!watched) return
    this.#changed.set(name, queue)
    if (this.#changed.size > mostChanged) this.outbox.socket.close(...closes.behind)
    else if (this.#sending === undefined) void this.#send()
  }

  /** What changes meanwhile goes along. */
  async #send(): Promise<void> {
    for (const [name, queue] of this.#changed) {
      this.#changed.delete(name)
      this.#sending = name
      await this.outbox.send(this, textOf(queue))
    }
    this.#sending = undefined
  }

  #watches(name: string): boolean {
    return this.#subscriptions.keys().some((pattern) => matches(pattern, name))
  }

  #stop(): void {
    this.#unwatch?.()
    this.#unwatch = undefined
  }
}

/** Written once for all sockets. */
const texts = new WeakMap<QueueView, string>()

const textOf = (queue: QueueView): string => {
  let text = texts.get(queue)
  if (text === undefined) {
    const event: QueueEvent = { type: 'queue', data: viewQueue(queue) }
    text = JSON.stringify(event)
    texts.set(queue, text)
  }
  return text
}
