import type { Clock } from '../clock.ts'
import { hasEnded } from '../job/state.ts'
import type { JobRecord, Store } from '../store/store.ts'
import type { Hub } from './hub.ts'

/** Resolves with the job when it ends, or as it stands after `ms` or once aborted; undefined if there is no such job. */
export const waitForEnd = async (
  { store, hub, clock }: { store: Store; hub: Hub; clock: Clock },
  id: string,
  ms: number,
  signal?: AbortSignal,
): Promise<JobRecord | undefined> => {
  const { promise: ended, resolve } = Promise.withResolvers<JobRecord | undefined>()
  const giveUp = () => resolve(undefined)
  const ignore = hub.whenEnded(id, resolve)
  const cancel = clock.after(ms, giveUp)
  signal?.addEventListener('abort', giveUp, { once: true })
  try {
    const job = await store.job(id)
    if (job === undefined || hasEnded(job.state) || signal?.aborted) return job
    return (await ended) ?? (await store.job(id))
  } finally {
    ignore()
    cancel()
    signal?.removeEventListener('abort', giveUp)
  }
}
