import type { NewJob } from '../store/store.ts'

/** What a job gets that does not say. */
export interface Defaults {
  /** How long it is kept after its end, in milliseconds; undefined for good. */
  keepMs: number | undefined
  /** How long its idempotency key lives, in milliseconds; undefined for a day. */
  idempotencyMs: number | undefined
}

export const withDefaults = (job: NewJob, defaults: Defaults): NewJob => {
  const { keepMs = defaults.keepMs, idempotency, webhook } = job
  return {
    ...job,
    keepMs,
    idempotency: idempotency && { forMs: defaults.idempotencyMs, ...idempotency },
    webhook: webhook && { keepMs: defaults.keepMs, ...webhook },
  }
}
