import type { Sample } from '../compare.ts'
import { type Sheaf, submit } from './sheaf.ts'
import { followAll } from './subscriber.ts'

/** Has a job of so many tasks run that do nothing: from its acknowledgement to the last event at its subscriber. */
export const runNoOps = async (sheaf: Sheaf, tasks: number): Promise<Sample> => {
  const job = await submit(sheaf, { tasks: new Array(tasks).fill({ kind: 'sleep', ms: 0 }) })
  const acknowledged = performance.now()
  await followAll(sheaf.url, job.id, tasks)
  return { rate: tasks / ((performance.now() - acknowledged) / 1_000) }
}
