import type { AttemptResult } from '../../src/store/store.ts'
import type { Job, Task } from './job.ts'

/** How an attempt ends if nothing interrupts it: after how long, and with what. */
export interface Ending {
  ms: number
  type: 'succeeded' | 'failed' | 'retry' | 'snooze'
  /** The code of its error. */
  code: string | undefined
}

/** When neither the task nor its job says. */
export const longestMs = 2_000

/** The policy of who asks for none (DESIGN, §3). */
const usual = { attempts: 3, backoff: 'exponential' as const, delayMs: 500, maxDelayMs: 30_000 }

const policyOf = ({ plan }: Job, task: Task) => {
  const policy = plan.retry ?? usual
  return { ...policy, attempts: task.plan.attempts ?? policy.attempts }
}

/** The end of an attempt that was begun. */
export const endingOf = (job: Job, task: Task): Ending => {
  if (task.run === undefined) throw new Error('Only what runs has an end')
  const { does, ms } = task.run.act
  const timeoutMs = task.plan.timeoutMs ?? job.plan.taskTimeoutMs ?? longestMs
  if (does === 'hang' || ms > timeoutMs) return { ms: timeoutMs, ...failing(job, task, 'timeout') }
  if (does === 'succeed') return { ms, type: 'succeeded', code: undefined }
  if (does === 'snooze') return { ms, type: 'snooze', code: undefined }
  if (does === 'give up') return { ms, type: 'failed', code: 'unexpected_status' }
  return { ms, ...failing(job, task, does === 'throw' ? 'internal' : 'unexpected_status') }
}

const failing = (job: Job, task: Task, code: string) => ({
  type: task.spent + 1 < policyOf(job, task).attempts ? ('retry' as const) : ('failed' as const),
  code,
})

/** How long a task that is to be repeated may wait at most. */
export const longestWait = (job: Job, task: Task, type: 'retry' | 'snooze'): number => {
  if (type === 'snooze') return task.run?.act.delayMs ?? 0
  const { backoff, delayMs, maxDelayMs } = policyOf(job, task)
  return Math.min(maxDelayMs, backoff === 'fixed' ? delayMs : delayMs * 2 ** task.spent)
}

export const codeOf = (result: AttemptResult): string | undefined =>
  'error' in result ? result.error.code : undefined
