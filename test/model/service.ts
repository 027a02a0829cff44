import { expect } from 'bun:test'
import type { Limits } from '../../src/job/queues.ts'
import type {
  Acted,
  Action,
  AttemptResult,
  Claim,
  NewJob,
  Settlement,
  Submitted,
} from '../../src/store/store.ts'
import { codeOf, endingOf, longestWait } from './attempt.ts'
import type { Committing, Event, Moment } from './event.ts'
import { isOver, Job, type Task } from './job.ts'
import { Keys } from './keys.ts'
import type { JobPlan } from './plan.ts'

/** A task is taken back so often from a server that died; the next time it has failed. */
const mostRescues = 3

/**
 * The whole service as it ought to be. It is told what the real one did, and in which order: of what the contract leaves open
 * (which task is next, which of two ends came first, how long the jitter is) it takes the choice and holds it to be allowed;
 * all that follows from it, it works out by itself.
 */
export class Service {
  /** In the order they were submitted. */
  readonly jobs: Job[] = []
  readonly limits = new Map<string, Limits>()
  /** `stopping` is when that began, by the time that timers keep. */
  engine: 'down' | 'up' | { stopping: number } = 'down'
  /** Whether the wall clock was put forward and the engine has not looked at it since. */
  unaware = false
  readonly #keys = new Keys()
  readonly #plans = new Map<string, { ref: number; plan: JobPlan }>()

  constructor(
    /** How many attempts run at once. */
    readonly concurrency: number,
    readonly graceMs: number,
  ) {}

  /** What a submission of this id is. */
  expect(id: string, ref: number, plan: JobPlan): void {
    this.#plans.set(id, { ref, plan })
  }

  job(id: string): Job | undefined {
    return this.jobs.find((job) => job.id === id)
  }

  take(event: Event): void {
    if (event.type === 'rescued') this.#rescue(event)
    else if (event.type === 'started') this.#start(event)
    else this.#commit(event, event)
  }

  /** What a queue allows, with what the pattern for all says. */
  allows(queue: string): { concurrency: number; paused: boolean } {
    const [own, all] = [this.limits.get(queue), this.limits.get('*')]
    const concurrency = own?.concurrency === undefined ? all?.concurrency : own.concurrency
    return {
      concurrency: concurrency ?? Number.POSITIVE_INFINITY,
      paused: own?.paused ?? all?.paused ?? false,
    }
  }

  /** Whether the attempt runs, as far as is on disk. */
  holds({ jobId, index, attempt }: Claim): boolean {
    const task = this.job(jobId)?.tasks[index]
    return task?.state === 'running' && task.attempt === attempt
  }

  /** Tasks that are claimed, or of them those whose attempts have begun and not ended. */
  running(of: { queue?: string; job?: Job; begunBy?: number } = {}): number {
    let count = 0
    for (const job of of.job ? [of.job] : this.jobs)
      for (const task of job.tasks)
        if (task.state === 'running' && (of.queue === undefined || of.queue === task.plan.queue))
          if (of.begunBy === undefined || (task.run && !this.isEnding(job, task, of.begunBy))) count += 1
    return count
  }

  /** Whether the attempt has ended, by itself or with its job, and only its commit is to come. */
  isEnding(job: Job, task: Task, elapsed: number): boolean {
    if (task.run === undefined) return false
    return job.outcome !== undefined || elapsed - task.run.since >= endingOf(job, task).ms
  }

  #commit({ batch, committed }: Committing, moment: Moment): void {
    const { at } = moment
    if (batch.claim > 0) this.unaware = false
    for (const job of this.jobs.filter(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt <= at))
      this.#forget(job)
    this.#keys.expire(at)
    expect(committed.submitted.map(gist)).toEqual(batch.submissions.map((one) => this.#submit(one, at)))
    expect(committed.acted.map(gist)).toEqual(batch.actions.map((one) => this.#act(one, at)))
    const settled = batch.settlements.map((one) => this.#settle(one, moment))
    expect({ settled: committed.settled }).toEqual({ settled })
    for (const job of this.jobs) {
      if (job.outcome === undefined && (job.deadlineAt ?? Number.POSITIVE_INFINITY) <= at)
        job.decide('failed', 'timeout')
      job.sweep(at)
      if (job.state === 'scheduled' && job.runAt <= at) job.state = 'running'
    }
    for (const claim of committed.claimed) this.#claim(claim, at)
    for (const { name, limits } of batch.limits ?? []) {
      if (limits === undefined) this.limits.delete(name)
      else this.limits.set(name, limits)
    }
  }

  #submit({ id, unique }: NewJob, at: number): string {
    const known = this.#plans.get(id)
    if (known === undefined) throw new Error(`Nobody submitted the job ${id}`)
    const { ref, plan } = known
    const used = this.#keys.get(plan)
    if (used) {
      if (used.digest !== plan.idempotency?.digest) return `mismatch ${used.id}`
      return `${this.job(used.id) ? 'repeated' : 'gone'} ${used.id}`
    }
    const twin =
      unique &&
      this.jobs.findLast(({ plan, state, createdAt }) => {
        if (plan.unique?.key !== unique.key) return false
        return unique.forMs === undefined ? unique.states.includes(state) : at < createdAt + unique.forMs
      })
    if (twin) return `existing ${twin.id}`
    this.jobs.push(new Job(ref, id, plan, at))
    this.#keys.use(plan, id, at)
    return `created ${id}`
  }

  #act({ type, job: id }: Action, at: number): string {
    const job = this.job(id)
    if (job === undefined) return 'missing'
    return `${this.#perform(type, job, at) ? 'done' : 'refused'} ${id}`
  }

  #perform(type: Action['type'], job: Job, at: number): boolean {
    switch (type) {
      case 'cancel':
        if (job.outcome === undefined) job.decide('cancelled', 'cancelled')
        return job.outcome === 'cancelled'
      case 'pause':
        if (job.state === 'running') job.state = 'paused'
        return job.state === 'paused'
      case 'resume':
        if (job.state === 'paused') job.state = 'running'
        return job.state === 'running'
      case 'retry':
        return job.revive(at)
      case 'delete':
        if (isOver(job.state)) this.#forget(job, true)
        return isOver(job.state)
      default:
        return type satisfies never
    }
  }

  /** What a client deletes takes its idempotency key along; what was kept for long enough leaves it. */
  #forget(job: Job, deleted = false): void {
    this.jobs.splice(this.jobs.indexOf(job), 1)
    if (deleted) this.#keys.free(job.plan, job.id)
  }

  /** Returns whether the attempt was still held. */
  #settle({ claim, result }: Settlement, moment: Moment): boolean {
    const job = this.job(claim.jobId)
    const task = job?.tasks[claim.index]
    if (!job || !task || !this.holds(claim)) return false
    const { at } = moment
    const said = `t${task.index} of job#${job.ref}, attempt ${task.attempt}, ended as ${result.type}`
    if (!this.#mayEnd(job, task, result, moment)) throw new Error(`${said}, which nothing called for`)

    const code = codeOf(result)
    if (code !== undefined && result.type !== 'cancelled') {
      task.failures.push([task.attempt, code])
      task.spent += 1
    }
    switch (result.type) {
      case 'succeeded':
        expect(result.output).toBe(JSON.stringify([task.index, task.attempt]))
        task.output = result.output
        job.end(task, 'succeeded', [], at)
        break
      case 'failed':
        job.end(task, 'failed', [result.error.code], at)
        break
      case 'cancelled':
        expect(result.error.code).toBe('cancelled')
        job.end(task, 'cancelled', ['cancelled'], at)
        break
      default:
        task.state = 'queued'
        task.run = undefined
        task.runAt = result.type === 'release' ? at : result.runAt
    }
    return true
  }

  /** Whether the attempt may end so, and now. */
  #mayEnd(job: Job, task: Task, result: AttemptResult, { at, elapsed }: Moment): boolean {
    if (result.type === 'cancelled') return job.outcome !== undefined
    if (result.type === 'release') {
      if (typeof this.engine === 'object')
        return task.run === undefined || elapsed >= this.engine.stopping + this.graceMs
      const { queue } = task.plan
      const { concurrency, paused } = this.allows(queue)
      const closed = paused || this.running({ queue, begunBy: elapsed }) >= concurrency
      return task.run === undefined && (closed || job.state !== 'running')
    }
    if (task.run === undefined) return false
    const ending = endingOf(job, task)
    if (elapsed - task.run.since < ending.ms) return false
    if (result.type !== ending.type || codeOf(result) !== ending.code) return false
    if (result.type !== 'retry' && result.type !== 'snooze') return true
    const since = at - (elapsed - task.run.since - ending.ms)
    const wait = longestWait(job, task, result.type)
    return result.runAt <= since + wait && result.runAt >= (result.type === 'snooze' ? since + wait : since)
  }

  #claim(claim: Claim, at: number): void {
    const job = this.job(claim.jobId)
    const task = job?.tasks[claim.index]
    if (!job || !task)
      throw new Error(`A task that does not exist was claimed: ${claim.jobId} ${claim.index}`)
    const { concurrency, paused } = this.allows(task.plan.queue)
    expect({
      claim: `t${task.index} of job#${job.ref}`,
      engine: this.engine === 'up',
      task: task.state,
      due: task.runAt <= at,
      job: job.state,
      jobHasRoom: this.running({ job }) < (job.plan.concurrency ?? Number.POSITIVE_INFINITY),
      paused,
      queueHasRoom: this.running({ queue: task.plan.queue }) < concurrency,
      serverHasRoom: this.running() < 2 * this.concurrency,
      attempt: claim.attempt,
      failures: claim.failures,
    }).toEqual({
      claim: `t${task.index} of job#${job.ref}`,
      engine: true,
      task: 'queued',
      due: true,
      job: 'running',
      jobHasRoom: true,
      paused: false,
      queueHasRoom: true,
      serverHasRoom: true,
      attempt: task.attempt + 1,
      failures: task.spent,
    })
    task.state = 'running'
    task.attempt += 1
    task.run = undefined
    task.claimedAt = at
    job.startedAt ??= at
  }

  #start({ job: id, index, attempt, act, elapsed }: Event & { type: 'started' }): void {
    const job = this.job(id)
    const task = job?.tasks[index]
    const said = `t${index} of job#${job?.ref} began its attempt ${attempt}`
    if (!job || task?.state !== 'running' || task.attempt !== attempt || task.run)
      throw new Error(`${said}, which nobody had claimed`)
    if (this.engine === 'down' || job.state !== 'running')
      throw new Error(`${said} while the job was ${job.state}`)
    const { concurrency, paused } = this.allows(task.plan.queue)
    if (paused) throw new Error(`${said} while its queue was paused`)
    const over =
      this.running({ begunBy: elapsed }) >= this.concurrency ||
      this.running({ job, begunBy: elapsed }) >= (job.plan.concurrency ?? Number.POSITIVE_INFINITY) ||
      this.running({ queue: task.plan.queue, begunBy: elapsed }) >= concurrency
    if (over) throw new Error(`${said}, one more than may run at once`)
    task.run = { since: elapsed, act }
  }

  #rescue({ at }: Moment): void {
    for (const job of this.jobs) {
      for (const task of job.tasks.filter(({ state }) => state === 'running')) {
        task.run = undefined
        if (task.rescues >= mostRescues) job.end(task, 'failed', ['rescued_too_often'], at)
        else {
          task.rescues += 1
          task.state = 'queued'
        }
      }
      job.finish(at)
    }
  }
}

/** What an answer says, and of which job. */
const gist = (answer: Submitted | Acted): string => {
  if ('job' in answer) return `${answer.type} ${answer.job.id}`
  return 'id' in answer ? `${answer.type} ${answer.id}` : answer.type
}
