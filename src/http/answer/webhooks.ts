import { toIso } from '../../engine/view.ts'
import type { Failure } from '../../job/errors.ts'
import type { Payload } from '../../job/webhook/news.ts'
import type { DeliveryView, EndpointView, WholeDeliveryView } from '../../job/webhook-wire.ts'
import type { AttemptFailure, JobRecord, WholeTaskRecord } from '../../store/store.ts'

/** A job that is an endpoint of webhooks. */
export type Endpoint = JobRecord & { endpoint: string }

export const isEndpoint = (job: JobRecord): job is Endpoint => job.endpoint !== undefined

export const viewEndpoint = ({ id, endpoint, state, counts, createdAt, error }: Endpoint): EndpointView => ({
  id,
  url: endpoint,
  state: state === 'paused' ? 'disabled' : 'enabled',
  counts: {
    pending: counts.queued + counts.running,
    delivered: counts.succeeded,
    failed: counts.failed + counts.cancelled,
  },
  createdAt: toIso(createdAt),
  ...(error && { error }),
})

export const viewDelivery = (task: WholeTaskRecord, { id: webhook }: Endpoint): DeliveryView => {
  const { key = '', state, attempt, runAt, startedAt, finishedAt, error } = task
  const { type, data } = payloadOf(task)
  return {
    id: key,
    webhook,
    job: data.id,
    type,
    state,
    attempt,
    ...(state === 'queued' && { runAt: toIso(runAt) }),
    ...(startedAt !== undefined && { startedAt: toIso(startedAt) }),
    ...(finishedAt !== undefined && { finishedAt: toIso(finishedAt) }),
    ...(error !== undefined && { error: failureOf(error) }),
  }
}

export const viewWholeDelivery = (
  task: WholeTaskRecord,
  endpoint: Endpoint,
  failures: readonly AttemptFailure[],
): WholeDeliveryView => ({
  ...viewDelivery(task, endpoint),
  payload: payloadOf(task),
  failures: failures.map(({ attempt, startedAt, finishedAt, error }) => ({
    attempt,
    startedAt: toIso(startedAt),
    finishedAt: toIso(finishedAt),
    error: failureOf(error),
  })),
})

/** Both were written by Sheaf. */
const payloadOf = ({ input }: WholeTaskRecord) => (JSON.parse(input) as { payload: Payload }).payload
const failureOf = (text: string) => JSON.parse(text) as Failure
