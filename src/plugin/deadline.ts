import { SheafError } from '../client/errors.ts'
import { systemClock } from '../clock.ts'

export interface WaitOptions {
  /** For how long to wait, in milliseconds. Default: until it is over. */
  waitMs?: number | undefined
  signal?: AbortSignal | undefined
}

/** It is not over yet, and goes on: answer with 202, and look at the job later. */
export class PendingError extends SheafError {
  override readonly name = 'PendingError'

  constructor(
    /** The id of the job. */
    readonly job: string,
    waitMs: number,
  ) {
    super('pending', `The job ${job} is not over after ${waitMs} ms. It goes on.`)
  }
}

/** Gives the work a signal that is aborted when the caller's is, or the time is over; it then rejects with that reason. */
export const inTime = async <T>(
  { job, waitMs, signal }: WaitOptions & { job: string },
  work: (until: AbortSignal | undefined) => Promise<T>,
): Promise<T> => {
  if (waitMs === undefined) return work(signal)
  const over = new AbortController()
  const cancel = systemClock.after(waitMs, () => over.abort(new PendingError(job, waitMs)))
  try {
    return await work(signal ? AbortSignal.any([signal, over.signal]) : over.signal)
  } finally {
    cancel()
  }
}
