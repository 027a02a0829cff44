import type { JobView, WholeTaskView } from '../job/wire.ts'
import { JobError, TaskError } from './errors.ts'
import type { Result, WaitOptions } from './job.ts'

/** What is needed of a job to settle as the Promise functions do: the client's, or one in this process. */
export interface Gathered {
  readonly id: string
  results(options: WaitOptions): Promise<readonly Result[]>
  task(index: number, options: WaitOptions): Promise<Outcome>
}

/** How a task ended, as far as it is known. */
type Outcome = Pick<WholeTaskView, 'index' | 'key' | 'output' | 'error'>

/** A job of which it is known how it will end, though its last tasks may not be cancelled yet. */
export interface Decided {
  job: Gathered
  /** Its snapshot from that moment. */
  as: JobView
  options: WaitOptions
}

export const allOf = async (decided: Decided): Promise<unknown[]> => {
  const { job, as, options } = decided
  if (as.outcome !== 'succeeded') throw await whyNot(decided)
  return (await job.results(options)).map((result) => outputOf(job.id, result))
}

export const allSettledOf = async ({
  job,
  as,
  options,
}: Decided): Promise<PromiseSettledResult<unknown>[]> => {
  if (as.outcome !== 'succeeded') throw new JobError(as)
  return (await job.results(options)).map((result) => settledOf(job.id, result))
}

export const anyOf = async (decided: Decided): Promise<unknown> => {
  const { job, as, options } = decided
  if (as.outcome === 'succeeded') return winnerOf(decided)
  if (as.error?.code !== 'too_few_succeeded') throw new JobError(as)
  const errors = (await job.results(options)).map((result) => new TaskError(job.id, result))
  throw new AggregateError(errors, 'All tasks failed.')
}

export const raceOf = async (decided: Decided): Promise<unknown> => {
  if (decided.as.outcome === 'succeeded') return winnerOf(decided)
  throw await whyNot(decided)
}

/** What the task returned that made the job succeed. */
const winnerOf = async ({ job, as, options }: Decided): Promise<unknown> => {
  if (as.decidedBy === undefined) throw new JobError(as)
  const { output } = await job.task(as.decidedBy, options)
  return output
}

/** The error of the task that made the job fail; or the job's own, when it was cancelled or took too long. */
const whyNot = async ({ job, as, options }: Decided): Promise<TaskError | JobError> =>
  as.decidedBy === undefined ? new JobError(as) : new TaskError(job.id, await job.task(as.decidedBy, options))

const outputOf = (job: string, result: Result): unknown => {
  if (result.state === 'succeeded') return result.output
  throw new TaskError(job, result)
}

const settledOf = (job: string, result: Result): PromiseSettledResult<unknown> =>
  result.state === 'succeeded'
    ? { status: 'fulfilled', value: result.output }
    : { status: 'rejected', reason: new TaskError(job, result) }
