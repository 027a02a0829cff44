import type { EndedState, JobState, TaskState } from '../../src/job/state.ts'
import type { Act, JobPlan, TaskPlan } from './plan.ts'

/** A task as it ought to be. */
export interface Task {
  readonly index: number
  readonly plan: TaskPlan
  state: TaskState
  /** The number of the latest attempt. */
  attempt: number
  /** How many attempts were spent, since it was last revived. */
  spent: number
  rescues: number
  runAt: number
  claimedAt: number
  /** When its attempt was begun, by the time that timers keep, and what it does; undefined while a claim is at hand. */
  run: { since: number; act: Act } | undefined
  finishedAt: number | undefined
  output: string | undefined
  /** The codes that its last error may have: more than one where the contract leaves open what came first. */
  codes: readonly string[]
  /** The number and the error code of each attempt that failed. */
  failures: (readonly [attempt: number, code: string])[]
  /** How often it was given up or done. */
  ends: number
}

export const isOver = (state: TaskState | JobState): state is EndedState =>
  state === 'succeeded' || state === 'failed' || state === 'cancelled'

/** A job as it ought to be: what the contract says of modes, dependencies and revival, with nothing kept that can be counted. */
export class Job {
  state: JobState
  outcome: EndedState | undefined
  code: string | undefined
  /** The tasks that may have decided; none if it was not by a single end. */
  deciders: readonly number[] = []
  readonly tasks: Task[]
  readonly runAt: number
  deadlineAt: number | undefined
  startedAt: number | undefined
  finishedAt: number | undefined

  constructor(
    readonly ref: number,
    readonly id: string,
    readonly plan: JobPlan,
    readonly createdAt: number,
  ) {
    this.runAt = createdAt + plan.delayMs
    this.state = this.runAt > createdAt ? 'scheduled' : 'running'
    if (plan.timeoutMs !== undefined) this.deadlineAt = this.runAt + plan.timeoutMs
    this.tasks = plan.tasks.map((task, index) => ({
      index,
      plan: task,
      state: task.after.length > 0 ? 'blocked' : 'queued',
      attempt: 0,
      spent: 0,
      rescues: 0,
      runAt: Math.max(this.runAt, createdAt + task.delayMs),
      claimedAt: 0,
      run: undefined,
      finishedAt: undefined,
      output: undefined,
      codes: [],
      failures: [],
      ends: 0,
    }))
    this.#weigh(undefined)
  }

  count(state: TaskState): number {
    let count = 0
    for (const task of this.tasks) if (task.state === state) count += 1
    return count
  }

  get open(): number {
    return this.count('blocked') + this.count('queued') + this.count('running')
  }

  get expiresAt(): number | undefined {
    if (this.finishedAt === undefined || this.plan.keepMs === undefined) return undefined
    return this.finishedAt + this.plan.keepMs
  }

  /** Fixes the outcome. */
  decide(outcome: EndedState, code: string | undefined, deciders: readonly number[] = []): void {
    this.outcome = outcome
    this.state = 'stopping'
    this.code = code
    this.deciders = deciders
  }

  /** A task has come to an end; so may have, because of it, those that come after it. */
  end(task: Task, state: EndedState, codes: readonly string[], now: number): void {
    const dropped: Task[] = []
    const ends: [Task, EndedState, readonly string[]][] = [[task, state, codes]]
    const open = this.outcome === undefined
    for (const [task, state, codes] of ends) {
      close(task, state, codes, now)
      if (this.outcome !== undefined) continue
      this.#weigh(task)
      if (this.outcome !== undefined) continue
      for (const next of this.tasks.filter(({ state }) => state === 'blocked')) {
        if (this.#isBroken(next)) {
          if (ends.some(([known]) => known === next)) continue
          ends.push([next, 'cancelled', ['dependency_failed']])
          dropped.push(next)
        } else if (this.#isMet(next)) {
          next.state = 'queued'
          next.runAt = Math.max(now, next.runAt)
        }
      }
    }
    if (!open || this.outcome === undefined) return
    // Which of those that it took along came first, nobody promised; nor which the stop of the job found still waiting.
    for (const next of dropped) next.codes = either
    if (this.deciders.length > 0 && this.outcome === 'failed')
      this.deciders = [task, ...dropped, ...this.tasks.filter((next) => this.#isBroken(next))].map(
        ({ index }) => index,
      )
  }

  /** Once the outcome is fixed, nothing waits any more. */
  sweep(now: number): void {
    if (this.state !== 'stopping') return
    for (const task of this.tasks)
      if (task.state === 'queued' || task.state === 'blocked')
        close(task, 'cancelled', this.#isBroken(task) ? either : ['cancelled'], now)
    this.finish(now)
  }

  /** With its last task a job is over. */
  finish(now: number): void {
    if (this.state !== 'stopping' || this.outcome === undefined || this.open > 0) return
    this.state = this.outcome
    this.finishedAt = now
  }

  /** Whether there was anything to take up again. */
  revive(now: number): boolean {
    const missed = this.tasks.filter(({ state }) => state === 'failed' || state === 'cancelled')
    if (!isOver(this.state) || missed.length === 0) return false
    this.state = 'running'
    this.outcome = undefined
    this.code = undefined
    this.deciders = []
    this.finishedAt = undefined
    if (this.plan.timeoutMs !== undefined) this.deadlineAt = now + this.plan.timeoutMs
    for (const task of missed) {
      task.state = 'queued'
      task.runAt = now
      task.spent = 0
      task.rescues = 0
      task.finishedAt = undefined
      task.codes = []
    }
    for (const task of missed) if (!this.#isMet(task)) task.state = 'blocked'
    return true
  }

  #isMet({ plan }: Task): boolean {
    return plan.after.every(({ task, on }) => {
      const state = this.tasks[task]?.state ?? 'blocked'
      return on === 'ended' ? isOver(state) : state === 'succeeded'
    })
  }

  /** Whether it comes after one that did not succeed as it had to. */
  #isBroken({ plan }: Task): boolean {
    return plan.after.some(({ task, on }) => {
      const state = this.tasks[task]?.state
      return on === 'succeeded' && (state === 'failed' || state === 'cancelled')
    })
  }

  /** Whether the end of a task (or, with none, that there are no tasks) decides the job. */
  #weigh(last: Task | undefined): void {
    const { mode, tolerate, quorum } = this.plan
    const good = this.count('succeeded')
    const bad = this.count('failed') + this.count('cancelled')
    const by = last === undefined ? [] : [last.index]
    const mostBad =
      typeof tolerate === 'number'
        ? tolerate
        : Math.floor((this.tasks.length * Number.parseInt(tolerate, 10)) / 100)
    if (mode === 'race') {
      if (last?.state === 'succeeded') this.decide('succeeded', undefined, by)
      else if (last) this.decide('failed', 'task_failed', by)
    } else if (mode === 'any') {
      if (good >= quorum) this.decide('succeeded', undefined, last?.state === 'succeeded' ? by : [])
      else if (good + this.open < quorum) this.decide('failed', 'too_few_succeeded')
    } else if (mode === 'all' && bad > mostBad) this.decide('failed', 'task_failed', by)
    else if (this.open === 0) this.decide('succeeded', undefined)
  }
}

const either = ['cancelled', 'dependency_failed']

const close = (task: Task, state: EndedState, codes: readonly string[], now: number): void => {
  task.state = state
  task.codes = codes
  task.finishedAt = now
  task.run = undefined
  task.ends += 1
}
