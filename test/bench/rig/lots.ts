import type { Sample } from '../compare.ts'
import { inParallel } from './parallel.ts'
import { type Address, act, limit, submit, untilEnded } from './sheaf.ts'

const noOp = { kind: 'sleep', ms: 0 }
const noOps = (count: number, more: object = {}) => ({
  each: { items: new Array(count).fill(0), task: { ...noOp, ...more } },
})

/** Runs jobs of no-ops, one after the other, each from its start to its end as the server tells them. */
export const runJobs = async (sheaf: Address, jobs: number, tasks: number): Promise<Sample> => {
  let ms = 0
  for (let i = 0; i < jobs; i++) {
    const { id } = await submit(sheaf, noOps(tasks))
    const { startedAt, finishedAt } = await untilEnded(sheaf, id, 25)
    ms += Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '')
  }
  return { rate: (jobs * tasks) / (ms / 1_000) }
}

const connections = 64

/** Opens jobs whose tasks wait in a paused queue: a third of them sealed, a third unsealed, a third paused too. */
export const openJobs = async (sheaf: Address, jobs: number, tasks: number): Promise<void> => {
  await limit(sheaf, 'closed', { paused: true })
  const spec = { tasks: new Array(tasks).fill({ ...noOp, queue: 'closed' }) }
  await inParallel(jobs, connections, async (nth) => {
    const { id } = await submit(sheaf, { ...spec, sealed: nth % 3 !== 1 })
    if (nth % 3 === 2) await act(sheaf, id, 'pause')
  })
}

/** Runs jobs of no-ops at the same time, from when the queue of all of them opens until it is empty. */
export const runAtOnce = async (sheaf: Address, jobs: number, tasks: number): Promise<Sample> => {
  const queue = Bun.randomUUIDv7()
  await limit(sheaf, queue, { paused: true })
  await inParallel(jobs, Math.min(jobs, connections), () => submit(sheaf, noOps(tasks, { queue })))
  const began = performance.now()
  await limit(sheaf, queue, { paused: false })
  while (await hasLeft(sheaf, queue)) await Bun.sleep(20)
  return { rate: (jobs * tasks) / ((performance.now() - began) / 1_000) }
}

const hasLeft = async ({ url }: Address, queue: string): Promise<boolean> => {
  const { queued, running } = await (await fetch(`${url}/queues/${queue}`)).json()
  return queued + running > 0
}
