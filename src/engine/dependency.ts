import type { EndedTask } from '../kinds/kind.ts'
import type { Sources } from '../kinds/resolve.ts'
import type { Claim, Store, TaskAddress } from '../store/store.ts'

/** What the placeholders of a task stand for. */
export const sourcesOf = (
  store: Pick<Store, 'task'>,
  { job: number }: Pick<Claim, 'job'>,
  secrets: ReadonlyMap<string, string> | undefined,
): Sources => ({
  output: async (task) => (await store.task({ number }, addressOf(task)))?.output,
  secret: (name) => secrets?.get(name),
})

/** A key never looks like an index. */
const addressOf = (task: string | number): TaskAddress =>
  /^\d+$/.test(String(task)) ? { index: Number(task) } : { key: String(task) }

/**
 * The task of this key or index, if the claimed one comes after it, and so finds it ended. Any other task of the job may
 * still run: what is read of it now could be something else a moment later.
 */
export const dependencyOf = async (
  store: Pick<Store, 'job' | 'task' | 'dependencies'>,
  { jobId, index }: Pick<Claim, 'jobId' | 'index'>,
  task: string | number,
): Promise<EndedTask | undefined> => {
  const job = await store.job(jobId)
  const found = job && (await store.task(job, addressOf(task)))
  if (!found) return undefined
  const after = await store.dependencies(job, index)
  return after.some((dependency) => dependency.task === found.index) ? found : undefined
}
