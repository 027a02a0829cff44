export const backoffs = ['exponential', 'fixed'] as const

export interface RetryPolicy {
  /** How many times a task may be attempted in all, the first included. */
  attempts: number
  backoff: (typeof backoffs)[number]
  /** The delay before the second attempt; each later one doubles it when the backoff is exponential. */
  delayMs: number
  maxDelayMs: number
  /** In place of all that: how long to wait after each failure, give or take a quarter; after the last of them as long again. */
  delaysMs?: readonly number[]
}

export const defaultRetry: RetryPolicy = {
  attempts: 3,
  backoff: 'exponential',
  delayMs: 500,
  maxDelayMs: 30_000,
}

/**
 * The delay before the next attempt, with full jitter: a whole number of milliseconds, uniform between 0 and the bound, which is
 * `delayMs`, doubled for each failure after the first (exponential), and never above `maxDelayMs`.
 * Full jitter spreads callers best under contention (AWS, "Exponential Backoff And Jitter", 2015).
 */
export const retryDelay = (policy: RetryPolicy, failures: number, random: number): number => {
  const given = policy.delaysMs?.[failures - 1] ?? policy.delaysMs?.at(-1)
  return Math.floor(given === undefined ? random * retryBound(policy, failures) : given * (0.75 + random / 2))
}

export const retryBound = (policy: RetryPolicy, failures: number): number => {
  const factor = policy.backoff === 'exponential' ? 2 ** Math.min(failures - 1, 52) : 1
  return Math.min(policy.maxDelayMs, policy.delayMs * factor)
}

/** Whether a task that has failed `failures` times may be attempted again. */
export const mayRetry = (policy: RetryPolicy, failures: number): boolean => failures < policy.attempts
