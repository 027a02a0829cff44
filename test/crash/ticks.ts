import type { JobView } from '../../src/job/wire.ts'

/**
 * How late the latest job of a schedule of every second was made, in milliseconds, if each came of a tick of its own. A job may be
 * made after the next tick, so two may share a second; of a tick that made two jobs, those before would have to be later and later.
 */
export const latenessOf = (jobs: readonly Pick<JobView, 'createdAt'>[]): number => {
  const made = jobs.map(({ createdAt }) => Date.parse(createdAt)).toSorted((a, b) => b - a)
  let next = Number.POSITIVE_INFINITY
  let latest = 0
  for (const at of made) {
    next = Math.min(Math.floor(at / 1_000) * 1_000, next - 1_000)
    latest = Math.max(latest, at - next)
  }
  return latest
}
