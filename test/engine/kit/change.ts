import { noTasks } from '../../../src/job/counts.ts'
import type { JobChange, JobRecord, TaskChange } from '../../../src/store/store.ts'
import { jobWith } from './job.ts'

export const job = (overrides: Partial<JobRecord> = {}): JobRecord =>
  jobWith(0, 3, {
    name: '"quoted"\n€',
    counts: { ...noTasks(), total: 3, running: 3 },
    seq: 9,
    ...overrides,
  })

export const { id } = job()

export const task = (index: number, overrides: Partial<TaskChange> = {}): TaskChange => ({
  index,
  key: undefined,
  state: 'running',
  attempt: 1,
  seq: index + 1,
  runAt: undefined,
  output: undefined,
  outputBytes: 0,
  error: undefined,
  ...overrides,
})

export const succeededWith = (index: number, output: string) =>
  task(index, { state: 'succeeded', output, outputBytes: Buffer.byteLength(output) })

export const change = (tasks: TaskChange[], overrides: Partial<JobChange> = {}): JobChange => ({
  job: job(),
  since: 0,
  moved: false,
  deleted: false,
  tasks,
  ...overrides,
})

export const rate = () => 1.5
