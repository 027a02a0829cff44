import type { Engine, QueueView } from '../../src/engine/engine.ts'

export const queueView = (name: string, fields: Partial<QueueView> = {}): QueueView => ({
  name,
  status: 'open',
  queued: 0,
  blocked: 0,
  running: 0,
  ratePerSecond: 0,
  own: undefined,
  limits: {},
  pausedAt: undefined,
  throttle: undefined,
  quota: undefined,
  adapted: undefined,
  circuit: undefined,
  ...fields,
})

/** Takes the place of what an engine knows of its queues: the test says how they are, and when they change. */
export class QueueScript {
  readonly #queues = new Map<string, QueueView>()
  readonly listeners = new Set<(queue: QueueView) => void>()

  constructor(engine: Engine) {
    engine.queues = async ({ after = '', limit }) =>
      [...this.#queues.values()]
        .filter(({ name }) => name > after)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .slice(0, limit)
    engine.queue = async (name) => this.#queues.get(name) ?? queueView(name)
    engine.watchQueues = (listener) => {
      this.listeners.add(listener)
      return () => this.listeners.delete(listener)
    }
  }

  /** How a queue is, before anybody asks. */
  set(name: string, fields: Partial<QueueView> = {}): QueueView {
    const queue = queueView(name, fields)
    this.#queues.set(name, queue)
    return queue
  }

  /** Changes a queue, which everybody is told who watches. */
  change(name: string, fields: Partial<QueueView> = {}): void {
    const queue = this.set(name, fields)
    for (const listener of this.listeners) listener(queue)
  }
}
