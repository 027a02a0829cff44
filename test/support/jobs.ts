import type { Mode, Tolerance } from '../../src/job/modes.ts'
import { defaultPriority } from '../../src/job/spec.ts'
import type { JobRecord, NewJob, NewTask, Submitted } from '../../src/store/store.ts'

export const newTask = (fields: Partial<NewTask> = {}): NewTask => ({
  key: undefined,
  kind: 'sleep',
  queue: 'sleep',
  input: '{"ms":0}',
  after: undefined,
  options: undefined,
  ...fields,
})

/** What a test says of a job; the rest is what a client that asked for nothing special would get. */
export interface JobFields extends Partial<Omit<NewJob, 'rule' | 'tasks'>> {
  mode?: Mode
  tolerate?: Tolerance
  quorum?: number
  /** A number of plain tasks, or the fields of each. Default 1. */
  tasks?: number | readonly Partial<NewTask>[]
}

let made = 0

/** Every job has an id of its own, in the order they are made, also across stores. */
export const newJob = ({ mode, tolerate, quorum, tasks = 1, ...fields }: JobFields = {}): NewJob => {
  made += 1
  return {
    id: `01990000-0000-7000-8000-${String(made).padStart(12, '0')}`,
    name: undefined,
    rule: { mode: mode ?? 'allSettled', tolerate: tolerate ?? 0, quorum: quorum ?? 1 },
    concurrency: undefined,
    priority: defaultPriority,
    labels: {},
    defaults: {},
    timeoutMs: undefined,
    keepMs: undefined,
    idempotency: undefined,
    template: undefined,
    tasks: typeof tasks === 'number' ? Array.from({ length: tasks }, () => newTask()) : tasks.map(newTask),
    ...fields,
  }
}

/** The job that a submission made or met. Throws when it was refused. */
export const jobIn = (submitted: Submitted | undefined): JobRecord => {
  if (submitted && 'job' in submitted) return submitted.job
  throw new Error(`Expected a job, got ${submitted?.type}`)
}
