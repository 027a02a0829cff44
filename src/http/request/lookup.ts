import { Problem, show } from '../../job/errors.ts'
import type { JobRecord, Store, TaskAddress, WholeTaskRecord } from '../../store/store.ts'

/** Reads a job by the id in a path. What is no id at all names no job either. */
export const lookUp = async (store: Store, id: string): Promise<JobRecord | undefined> =>
  isJobId(id) ? store.job(id.toLowerCase()) : undefined

/** The same. Throws a Problem (`not_found`) if there is none. */
export const findJob = async (store: Store, id: string): Promise<JobRecord> => {
  const job = await lookUp(store, id)
  if (job === undefined) throw noJob(id)
  return job
}

export const noJob = (id: string) => new Problem('not_found', `There is no job ${show(id)}.`)

export const isJobId = (id: string): boolean =>
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(id)

/** Reads a task by the index or the key in a path; no key looks like a number. */
export const findTask = async (store: Store, job: JobRecord, address: string): Promise<WholeTaskRecord> => {
  const task = await store.task(job, addressOf(address))
  if (task === undefined) throw new Problem('not_found', `Job ${job.id} has no task ${show(address)}.`)
  return task
}

const addressOf = (text: string): TaskAddress =>
  /^(0|[1-9]\d{0,9})$/.test(text) ? { index: Number(text) } : { key: text }
