import type { Mode } from '../../src/job/modes.ts'
import type { JobState } from '../../src/job/state.ts'
import type { NewJob, NewTask } from '../../src/store/store.ts'
import { newJob, newTask } from '../support/jobs.ts'

/** What one attempt does, and how long that takes. The kind is told by its input, so this travels through the store. */
export interface Act {
  does: 'succeed' | 'fail' | 'give up' | 'throw' | 'snooze' | 'hang'
  /** At once, within the call, if 0. */
  ms: number
  /** How long it is snoozed for. */
  delayMs: number
}

export interface TaskPlan {
  queue: string
  /** One for each attempt, counted by their numbers; every later one succeeds at once. */
  acts: readonly Act[]
  delayMs: number
  timeoutMs: number | undefined
  attempts: number | undefined
  after: readonly { task: number; on: 'succeeded' | 'ended' }[]
}

export interface JobPlan {
  mode: Mode
  /** A share if it is a string. */
  tolerate: number | `${number}%`
  quorum: number
  concurrency: number | undefined
  timeoutMs: number | undefined
  keepMs: number | undefined
  delayMs: number
  retry:
    | { attempts: number; backoff: 'exponential' | 'fixed'; delayMs: number; maxDelayMs: number }
    | undefined
  taskTimeoutMs: number | undefined
  idempotency: { key: string; digest: string; forMs: number | undefined } | undefined
  unique: { key: string; states: readonly JobState[]; forMs: number | undefined } | undefined
  tasks: readonly TaskPlan[]
}

const otherwise: Act = { does: 'succeed', ms: 0, delayMs: 0 }
export const actOf = (acts: readonly Act[], attempt: number): Act => acts[attempt - 1] ?? otherwise

/** `scope` keeps its keys apart from those of other histories, which live on. */
export const submissionOf = (plan: JobPlan, now: number, scope: string): NewJob =>
  newJob({
    mode: plan.mode,
    tolerate: plan.tolerate,
    quorum: plan.quorum,
    concurrency: plan.concurrency,
    timeoutMs: plan.timeoutMs,
    keepMs: plan.keepMs,
    runAt: plan.delayMs === 0 ? undefined : now + plan.delayMs,
    idempotency: plan.idempotency && { ...plan.idempotency, key: `${scope}-${plan.idempotency.key}` },
    unique: plan.unique,
    defaults: {
      ...(plan.retry && { retry: plan.retry }),
      ...(plan.taskTimeoutMs !== undefined && { timeoutMs: plan.taskTimeoutMs }),
    },
    tasks: plan.tasks.map((task) => taskOf(task, now)),
  })

const taskOf = ({ queue, acts, delayMs, timeoutMs, attempts, after }: TaskPlan, now: number): NewTask =>
  newTask({
    kind: 'play',
    queue,
    input: JSON.stringify({ acts }),
    runAt: delayMs === 0 ? undefined : now + delayMs,
    options:
      timeoutMs === undefined && attempts === undefined
        ? undefined
        : JSON.stringify({
            ...(timeoutMs !== undefined && { timeoutMs }),
            ...(attempts !== undefined && { retry: { attempts } }),
          }),
    after: after.length === 0 ? undefined : after,
  })

const listed = (parts: readonly (string | false | undefined)[]) => parts.filter(Boolean).join(' ')

const actText = ({ does, ms, delayMs }: Act) =>
  listed([does, does === 'snooze' && `${delayMs}ms`, ms > 0 && does !== 'hang' && `after ${ms}ms`])

const taskText = ({ queue, acts, delayMs, timeoutMs, attempts, after }: TaskPlan, index: number) =>
  listed([
    `t${index} in ${queue}:`,
    acts.map(actText).join(', then ') || 'succeed',
    delayMs > 0 && `delay=${delayMs}`,
    timeoutMs !== undefined && `timeout=${timeoutMs}`,
    attempts !== undefined && `attempts=${attempts}`,
    after.length > 0 && `after ${after.map(({ task, on }) => `t${task} ${on}`).join(' & ')}`,
  ])

/** As a history shows it: `any quorum=2 [t0 in a: succeed after 10ms; t1 in b: fail, then fail]`. */
export const planText = (plan: JobPlan): string =>
  listed([
    plan.mode,
    plan.mode === 'all' && plan.tolerate !== 0 && `tolerate=${plan.tolerate}`,
    plan.mode === 'any' && `quorum=${plan.quorum}`,
    plan.concurrency !== undefined && `concurrency=${plan.concurrency}`,
    plan.timeoutMs !== undefined && `timeout=${plan.timeoutMs}`,
    plan.taskTimeoutMs !== undefined && `taskTimeout=${plan.taskTimeoutMs}`,
    plan.keepMs !== undefined && `keep=${plan.keepMs}`,
    plan.delayMs > 0 && `delay=${plan.delayMs}`,
    plan.retry && `retry=${plan.retry.attempts}x${plan.retry.delayMs}ms/${plan.retry.backoff}`,
    plan.idempotency &&
      `idempotency=${plan.idempotency.key}/${plan.idempotency.digest}/${plan.idempotency.forMs ?? 'day'}`,
    plan.unique && `unique=${plan.unique.key}/${plan.unique.forMs ?? plan.unique.states.join('|')}`,
    `[${plan.tasks.map(taskText).join('; ')}]`,
  ])
