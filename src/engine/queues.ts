import type { Clock } from '../clock.ts'
import { isPattern, type Limits } from '../job/queues.ts'
import type { Limited, LimitsChange, QueueRecord } from '../store/flow.ts'
import type { Store } from '../store/store.ts'
import { type Census, takeCensus } from './census.ts'
import type { QueueListQuery, QueueView } from './engine.ts'
import type { Flow } from './flow/flow.ts'

export interface QueuesHost {
  store: Store
  flow: Flow
  clock: Clock
  /** Resolves when the change is on disk and in force. */
  commit(change: LimitsChange): Promise<Limited>
}

/** Queues as the world sees them: what the store counts, beside what flow control does. */
export class Queues {
  #watchers = new Set<(queue: QueueView) => void>()

  constructor(readonly host: QueuesHost) {
    host.flow.onChange((name) => this.#tell(name))
  }

  async list({ after = '', limit }: QueueListQuery): Promise<QueueView[]> {
    const waiting = await this.host.store.queues({ after, limit })
    const known = new Map(waiting.map((record) => [record.name, record]))
    const names = new Set([...known.keys(), ...this.host.flow.names().filter((name) => name > after)])
    const page = [...names].toSorted().slice(0, limit)
    return page.map((name) => this.#view(name, known.get(name)))
  }

  async one(name: string): Promise<QueueView> {
    return this.#view(name, await this.host.store.queue(name))
  }

  /** What waits and runs in all of them; patterns of names are none. */
  census(most: number): Promise<Census> {
    const names = this.host.flow.names().filter((name) => !isPattern(name))
    const view = (name: string, record: QueueRecord | undefined) => this.#view(name, record)
    return takeCensus({ store: this.host.store, names, view }, most)
  }

  async limit(name: string, limits: Limits | undefined): Promise<boolean> {
    const { existed } = await this.host.commit({ name, limits })
    return existed || limits !== undefined
  }

  watch(listener: (queue: QueueView) => void): () => void {
    this.#watchers.add(listener)
    return () => this.#watchers.delete(listener)
  }

  #view(name: string, record: QueueRecord | undefined): QueueView {
    const { queued = 0, blocked = 0 } = record ?? {}
    return { ...this.host.flow.view(name, this.host.clock.now()), name, queued, blocked }
  }

  #tell(name: string): void {
    if (this.#watchers.size === 0) return
    this.one(name).then(
      (view) => {
        for (const watcher of this.#watchers) watcher(view)
      },
      // A database that cannot be read says so elsewhere.
      () => {},
    )
  }
}
