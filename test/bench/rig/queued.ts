import { newFolder } from './folder.ts'
import { type Address, limit, startSheaf, submit } from './sheaf.ts'

export interface Queued {
  database: string
  job: string
  remove(): Promise<void>
}

/** Of the tasks that `submitQueued` makes. */
const queue = 'closed'

/** A job of so many tasks that wait, as their queue is paused; they go in one request. */
export const submitQueued = async (sheaf: Address, tasks: number): Promise<string> => {
  await limit(sheaf, queue, { paused: true })
  const task = { kind: 'sleep', ms: 0, queue }
  return (await submit(sheaf, { each: { items: new Array(tasks).fill(0), task } })).id
}

/** A file in which so many tasks wait, as a server leaves it that was told to stop. */
export const queuedFile = async (tasks: number): Promise<Queued> => {
  const { path, remove } = newFolder()
  const database = `${path}/sheaf.db`
  const sheaf = await startSheaf({ database })
  const job = await submitQueued(sheaf, tasks)
  await sheaf.end()
  return { database, job, remove }
}
