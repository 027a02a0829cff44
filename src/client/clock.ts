import type { Clock } from '../clock.ts'
import { retryDelay } from '../job/retry.ts'
import { orAbort } from './abort.ts'

/** What the client needs of a clock. */
export type ClientClock = Pick<Clock, 'now' | 'random' | 'after'>

export interface Backoff {
  delayMs: number
  maxDelayMs: number
}

/** The delay after so many failures in a row: exponential, with full jitter. */
export const backoffDelay = (backoff: Backoff, failures: number, clock: ClientClock): number =>
  retryDelay({ ...backoff, attempts: Infinity, backoff: 'exponential' }, failures, clock.random())

/** Resolves after `ms`; rejects with the signal's reason when that is aborted before. */
export const delay = async (ms: number, clock: ClientClock, signal?: AbortSignal): Promise<void> => {
  let callOff = () => {}
  const over = new Promise<void>((resolve) => {
    callOff = clock.after(ms, resolve)
  })
  try {
    await orAbort(over, signal)
  } finally {
    callOff()
  }
}
