import { Problem, show } from '../../job/errors.ts'
import type { Store, WholeTaskRecord } from '../../store/store.ts'
import { type Endpoint, isEndpoint } from '../answer/webhooks.ts'

/** Reads an endpoint of webhooks by the id in a path. Throws a Problem (`not_found`). */
export const findEndpoint = async (store: Store, id: string): Promise<Endpoint> => {
  const job = await store.job(id)
  if (job === undefined || !isEndpoint(job)) throw noEndpoint(id)
  return job
}

export const noEndpoint = (id: string) => new Problem('not_found', `There is no webhook ${show(id)}.`)

/** Reads a delivery to an endpoint by the id in a path. Throws a Problem (`not_found`). */
export const findDelivery = async (
  store: Store,
  endpoint: Endpoint,
  id: string,
): Promise<WholeTaskRecord> => {
  const task = await store.task(endpoint, { key: id })
  if (task === undefined)
    throw new Problem('not_found', `The webhook ${endpoint.id} has no delivery ${show(id)}.`)
  return task
}
