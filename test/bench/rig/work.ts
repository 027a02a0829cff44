import type { LoadQuestion } from '../processes/load.ts'
import { type Address, submit, untilEnded } from './sheaf.ts'

/** How many connections and requests at once a load is made of. */
export const connections = 64

/** One-task jobs, one after the other on each connection. */
export const postsTo = (url: string, forMs: number): LoadQuestion => ({
  url: `${url}/jobs`,
  method: 'POST',
  body: JSON.stringify({ tasks: [{ kind: 'sleep', ms: 0 }] }),
  connections,
  forMs,
})

/** Submits a job of GETs of an upstream; it is on disk. `more` is what else is said of it. */
export const submitGets = async (
  sheaf: Address,
  upstream: string,
  tasks: number,
  more: object = {},
): Promise<string> => {
  const task = { kind: 'http', url: `${upstream}/users/{{item}}` }
  const each = { items: Array.from({ length: tasks }, (_, i) => i), task }
  const { id } = await submit(sheaf, { concurrency: connections, ...more, each })
  return id
}

/** Runs such a job: how fast it is, from its acknowledgement to its end. */
export const runGets = async (...what: Parameters<typeof submitGets>): Promise<number> => {
  const [sheaf, , tasks] = what
  const id = await submitGets(...what)
  const acknowledged = Date.now()
  const { counts, finishedAt } = await untilEnded(sheaf, id)
  if (counts.succeeded !== tasks) throw new Error(`Expected ${tasks} successes, got ${counts.succeeded}`)
  return tasks / ((Date.parse(finishedAt ?? '') - acknowledged) / 1_000)
}
