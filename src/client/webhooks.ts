import type { TaskState } from '../job/state.ts'
import type { DeliveryView, EndpointView, WholeDeliveryView } from '../job/webhook-wire.ts'
import type { Api } from './api.ts'
import type { Ask } from './ask.ts'
import type { WaitOptions } from './job.ts'
import { segmentOf } from './segment.ts'

/** A page of a list; `next` is the cursor of the next one, or null at the end. */
interface Page<T> {
  data: T[]
  next: string | null
}

export interface WebhookListOptions extends WaitOptions {
  /** The `next` of the page before. */
  cursor?: string
  /** How many to return, at most. Default 50. */
  limit?: number
}

export interface DeliveryListOptions extends WebhookListOptions {
  /** `failed` and `cancelled` are those that can be replayed. */
  state?: TaskState
}

/**
 * Where the webhooks of jobs deliver to, by the id of the endpoint (`job.webhook.id`), and what became of each message. To enable,
 * disable and replay needs the scope `admin`.
 */
export interface Webhooks {
  /** All of them, by id. */
  list(options?: WebhookListOptions): Promise<Page<EndpointView>>
  get(id: string, options?: WaitOptions): Promise<EndpointView>
  /** What is kept of its deliveries, the oldest first. */
  deliveries(id: string, options?: DeliveryListOptions): Promise<Page<DeliveryView>>
  /** One of them, with its payload and each attempt that failed. */
  delivery(id: string, delivery: string, options?: WaitOptions): Promise<WholeDeliveryView>
  /** What the webhook of a job was told, in the order in which it happened. */
  ofJob(job: string, options?: WebhookListOptions): Promise<Page<DeliveryView>>
  /** Sends to it again: what comes from now on, and what is replayed. */
  enable(id: string, options?: WaitOptions): Promise<EndpointView>
  /** Sends nothing more: what waits and what comes is cancelled. An endpoint that answers 410 is disabled by itself. */
  disable(id: string, options?: WaitOptions): Promise<EndpointView>
  /** Queues what failed or was cancelled again, under the same ids: the oldest 5,000. */
  replay(id: string, options?: WaitOptions): Promise<EndpointView>
  /** The same for one of them. */
  replayOne(id: string, delivery: string, options?: WaitOptions): Promise<DeliveryView>
}

export const createWebhooks = (api: Api, ask: Ask): Webhooks => {
  const routeOf = (webhook: string) => api.webhooks({ webhook: segmentOf(webhook) })
  const deliveryOf = (id: string, delivery: string) =>
    routeOf(id).deliveries({ delivery: segmentOf(delivery) })
  return {
    list: ({ signal, ...query } = {}) => ask((fetch) => api.webhooks.get({ fetch, query }), { signal }),
    get: (id, options) => ask((fetch) => routeOf(id).get({ fetch }), options),
    deliveries: (id, { signal, ...query } = {}) =>
      ask((fetch) => routeOf(id).deliveries.get({ fetch, query }), { signal }),
    delivery: (id, delivery, options) => ask((fetch) => deliveryOf(id, delivery).get({ fetch }), options),
    ofJob: (job, { signal, ...query } = {}) =>
      ask((fetch) => api.jobs({ id: segmentOf(job) }).deliveries.get({ fetch, query }), { signal }),
    enable: (id, options) => ask((fetch) => routeOf(id).enable.post(undefined, { fetch }), options),
    disable: (id, options) => ask((fetch) => routeOf(id).disable.post(undefined, { fetch }), options),
    replay: (id, options) => ask((fetch) => routeOf(id).replay.post(undefined, { fetch }), options),
    replayOne: (id, delivery, options) =>
      // Said twice, it would be refused the second time, as it is queued by then.
      ask((fetch) => deliveryOf(id, delivery).replay.post(undefined, { fetch }), {
        ...options,
        repeatable: false,
      }),
  }
}
