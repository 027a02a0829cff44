import type { QueueView } from '../job/queue-wire.ts'
import type { LimitsSpec } from '../job/queues.ts'
import type { Api } from './api.ts'
import type { Ask } from './ask.ts'
import { SheafError } from './errors.ts'
import type { Follow } from './follow/follow.ts'
import type { WaitOptions } from './job.ts'
import { segmentOf } from './segment.ts'

/** A page of queues; `next` is the cursor of the next one, or null at the end. */
export interface QueuePage {
  data: QueueView[]
  next: string | null
}

export interface QueueListOptions extends WaitOptions {
  /** The `next` of the page before. */
  cursor?: string
  /** How many to return, at most. Default 50. */
  limit?: number
}

/** The queues of the server, by name or by pattern of names (`http:*`). To set and to remove limits needs the scope `admin`. */
export interface Queues {
  /** Those that have limits of their own, or tasks that wait or run, by name. */
  list(options?: QueueListOptions): Promise<QueuePage>
  /** One queue as it stands, also one that was never used. */
  get(name: string, options?: WaitOptions): Promise<QueueView>
  /** Sets the limits of a queue, or of a pattern of names, in place of what was set for exactly this name. */
  set(name: string, limits: LimitsSpec, options?: WaitOptions): Promise<QueueView>
  /** Removes what was set for exactly this name, if anything was. */
  remove(name: string, options?: WaitOptions): Promise<void>
  /**
   * Loops over a queue, or those that match a pattern: first the queue of an exact name, or of a pattern those that are not
   * `open`; then each that is paused, resumed or throttled, or whose circuit or limits change. Goes on through lost
   * connections, until it is left. Needs a WebSocket: where there is none, ends with a {@link SheafError} (`unsupported`).
   */
  watch(pattern: string, options?: WaitOptions): AsyncIterableIterator<QueueView, undefined>
}

export const createQueues = (api: Api, ask: Ask, watch: Follow['queues']): Queues => ({
  list: ({ signal, ...query } = {}) => ask((fetch) => api.queues.get({ fetch, query }), { signal }),
  get: (name, options) => ask((fetch) => routeOf(api, name).get({ fetch }), options),
  set: (name, limits, options) => ask((fetch) => routeOf(api, name).put(limits, { fetch }), options),
  async remove(name, options) {
    try {
      await ask((fetch) => routeOf(api, name).delete(undefined, { fetch }), options)
    } catch (error) {
      if (!(error instanceof SheafError && error.code === 'not_found')) throw error
    }
  },
  watch: (pattern, { signal } = {}) => watch(pattern, signal),
})

const routeOf = (api: Api, name: string) => api.queues({ name: segmentOf(name) })
