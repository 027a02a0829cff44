import { wrapMethods } from '../../../methods.ts'
import type { Committed, Store } from '../../../store/store.ts'
import type { Artifacts } from '../artifacts.ts'

/** The same store; what a job had saved goes once the job's deletion is on disk. `failed` hears of what could not be deleted. */
export const tidying = (store: Store, artifacts: Artifacts, failed: (error: unknown) => void): Store => {
  const tidy = ({ changes }: Committed) => {
    for (const { deleted, job } of changes) if (deleted) artifacts.remove(job.id).catch(failed)
  }
  return wrapMethods(store, (method, name) => {
    if (name !== 'commit') return method
    return async (...args) => {
      // What a method of this name resolves with.
      const committed = (await method(...args)) as Committed
      tidy(committed)
      return committed
    }
  })
}

const jobId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Deletes what is left of jobs that are no more, because the process died between their deletion and that of their
 * bodies. Only for a place that no other database uses: its jobs are unknown here too.
 */
export const sweep = async (
  store: Pick<Store, 'job'>,
  artifacts: Artifacts & { jobs(): Promise<string[]> },
  signal: AbortSignal,
): Promise<void> => {
  for (const id of await artifacts.jobs()) {
    if (signal.aborted) return
    if (jobId.test(id) && (await store.job(id)) === undefined) await artifacts.remove(id)
  }
}
