import type { Added, Addition, NewTask } from '../../src/store/store.ts'
import { newTask } from '../support/jobs.ts'
import { type Driver, failed, one, succeeded } from './driver.ts'

export const sealTimeoutMs = 5_000
export const open = { sealTimeoutMs }
export const idempotency = { key: 'k', digest: undefined }

interface Job {
  id: string
}

type Tasks = number | readonly Partial<NewTask>[]

export const additionOf = ({ id }: Job, tasks: Tasks, fields: Partial<Addition> = {}): Addition => ({
  job: id,
  from: undefined,
  tasks: typeof tasks === 'number' ? Array.from({ length: tasks }, () => newTask()) : tasks.map(newTask),
  seal: false,
  ...fields,
})

/** What becomes of one addition. */
export const add = async (s: Driver, job: Job, tasks: Tasks, fields?: Partial<Addition>): Promise<Added> =>
  one((await s.commit({ additions: [additionOf(job, tasks, fields)] })).added)

export const seal = (s: Driver, job: Job) => add(s, job, 0, { seal: true })

export const after = (task: number, on: 'succeeded' | 'ended' = 'succeeded') => ({ after: [{ task, on }] })

/** Claims what is due and ends each task as it is told to, by index. */
export const endAll = async (s: Driver, ends: Readonly<Record<number, 'fail'>> = {}): Promise<void> => {
  const claims = await s.claim()
  await s.commit({
    settlements: claims.map((claim) => ({ claim, result: ends[claim.index] ? failed : succeeded })),
  })
}
