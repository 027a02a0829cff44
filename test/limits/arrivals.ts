import type { Rate } from '../../src/job/queues.ts'
import type { Arrival } from '../support/limited-upstream.ts'

/** When a task started, as far as it is known: not before it was claimed, and not after its request was there. */
export interface Start {
  from: number
  to: number
}

/**
 * `claims` says when each task was claimed, by its Idempotency-Key. What was under way when the server died was claimed twice, and
 * only the second time is known: the first request of it is taken to have been on its way for as long as the slowest of the others.
 */
export const startsOf = (arrivals: readonly Arrival[], claims: ReadonlyMap<string, number>): Start[] => {
  const wayOf = ({ key, at }: Arrival) => at - (claims.get(key) ?? Number.POSITIVE_INFINITY)
  const slowest = Math.max(...arrivals.map(wayOf))
  return arrivals.map((arrival) => {
    const way = wayOf(arrival)
    return { from: arrival.at - (way < 0 ? slowest : way), to: arrival.at }
  })
}

/** The most of them that began and ended in the same stretch of `perMs`: so many, at least, started in it. */
export const mostSurelyWithin = (starts: readonly Start[], perMs: number): number =>
  Math.max(
    ...starts.map(({ from }) => starts.filter((one) => one.from >= from && one.to < from + perMs).length),
  )

/**
 * What was made use of a rate, as a share: each start, but those of the first window, had to wait for `perMs` from the one `limit`
 * places before it; how long did it?
 */
export const shareOf = (times: readonly number[], { limit, perMs }: Rate): number => {
  const waits = times.slice(limit).map((at, i) => at - (times[i] ?? Number.NaN))
  return (perMs * waits.length) / waits.reduce((sum, ms) => sum + ms, 0)
}
