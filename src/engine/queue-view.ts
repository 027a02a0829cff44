import type { QueueView } from '../job/queue-wire.ts'
import type { QueueView as Queue } from './engine.ts'
import { round, toIso } from './view.ts'

/** A queue as the world sees it. */
export const viewQueue = (queue: Queue): QueueView => {
  const { name, status, queued, blocked, running, limits, own, pausedAt, throttle, quota, adapted, circuit } =
    queue
  return {
    name,
    status,
    waiting: queued + blocked,
    queued,
    blocked,
    running,
    ratePerSecond: round(queue.ratePerSecond),
    limits,
    ...(own && { own }),
    ...(pausedAt !== undefined && { pausedAt: toIso(pausedAt) }),
    ...(throttle && { throttle: viewThrottle(throttle) }),
    ...(quota && { quota: viewQuota(quota) }),
    ...(adapted !== undefined && { adapted }),
    ...(circuit && { circuit: viewCircuit(circuit) }),
  }
}

const viewThrottle = ({ at, until, why }: NonNullable<Queue['throttle']>) => ({
  throttledAt: toIso(at),
  endsAt: toIso(until),
  why,
})

const viewQuota = ({ limit, perMs, remaining, resetAt }: NonNullable<Queue['quota']>) => ({
  limit,
  ...(perMs !== undefined && { perMs }),
  remaining,
  ...(resetAt !== undefined && { resetAt: toIso(resetAt) }),
})

const viewCircuit = ({ state, since, retryAt }: NonNullable<Queue['circuit']>) => ({
  state,
  changedAt: toIso(since),
  ...(retryAt !== undefined && { retryAt: toIso(retryAt) }),
})
