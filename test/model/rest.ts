import { endingOf } from './attempt.ts'
import type { Moment } from './event.ts'
import { isOver } from './job.ts'
import type { Service } from './service.ts'

/** Ends gather for so long, at most, while other work is at hand. */
export const gatherMs = 3

/** How often to look for what comes when it comes. */
const lookMs = 5

/** Whether attempts have ended whose commit may wait for a moment, as more may come to share it. */
export const isGathering = (service: Service, { elapsed }: Moment): boolean =>
  service.jobs.some((job) =>
    job.tasks.some((task) => task.state === 'running' && service.isEnding(job, task, elapsed)),
  )

/** Tasks during which the server died twice run one at a time. */
const isSuspect = ({ rescues }: { rescues: number }) => rescues >= 2

/** Fails if something has not happened that could have, when everything has happened that needs no time. */
export const checkRest = (service: Service, moment: Moment): void => {
  const { at, elapsed } = moment
  if (service.engine !== 'up') return
  const gathering = isGathering(service, moment)
  const full = service.running({ begunBy: elapsed }) >= service.concurrency
  const suspected = service.jobs.some(({ tasks }) =>
    tasks.some((task) => task.state === 'running' && isSuspect(task)),
  )
  for (const job of service.jobs) {
    const name = `job#${job.ref}`
    for (const task of job.tasks) {
      if (task.run === undefined) continue
      const late = elapsed - task.run.since - endingOf(job, task).ms
      const most = service.concurrency < 100 ? gatherMs : 0
      if (late >= 0 && late >= most)
        throw new Error(`t${task.index} of ${name} has ended, and is not settled`)
    }
    if (service.unaware) continue
    if (job.state === 'scheduled' && job.runAt <= at) throw new Error(`${name} is due, and has not started`)
    if (job.outcome === undefined && (job.deadlineAt ?? at + 1) <= at)
      throw new Error(`${name} is past its timeout`)
    if ((job.expiresAt ?? at + 1) <= at) throw new Error(`${name} was kept for longer than it should be`)
    if (gathering) continue
    if (job.state === 'stopping') throw new Error(`${name} is decided, and does not end`)
    if (isOver(job.state)) continue
    for (const task of job.tasks) {
      const atHand = task.state === 'running' && task.run === undefined
      if (atHand && job.state !== 'running')
        throw new Error(`${name} is ${job.state}, and holds t${task.index}`)
      if (!atHand && (task.state !== 'queued' || task.runAt > at)) continue
      if (!atHand && isSuspect(task) && suspected) continue
      if (full || job.state !== 'running') continue
      const { concurrency, paused } = service.allows(task.plan.queue)
      const begunBy = atHand ? elapsed : undefined
      const count = begunBy === undefined ? {} : { begunBy }
      if (paused || service.running({ queue: task.plan.queue, ...count }) >= concurrency) continue
      if (service.running({ job, ...count }) >= (job.plan.concurrency ?? Number.POSITIVE_INFINITY)) continue
      throw new Error(`t${task.index} of ${name} could run, and ${atHand ? 'was not begun' : 'waits'}`)
    }
  }
}

/** When the next thing is due to happen, in milliseconds from now; undefined if nothing ever will. */
export const nextMoment = (service: Service, { at, elapsed }: Moment): number | undefined => {
  let next = service.unaware ? lookMs : Number.POSITIVE_INFINITY
  const note = (ms: number) => {
    if (ms > 0 && ms < next) next = ms
  }
  for (const job of service.jobs) {
    note(job.runAt - at)
    if (job.outcome === undefined && job.deadlineAt !== undefined) note(job.deadlineAt - at)
    if (job.expiresAt !== undefined) note(job.expiresAt - at)
    for (const task of job.tasks) {
      if (task.state === 'queued') note(task.runAt - at)
      if (task.run === undefined) continue
      const left = endingOf(job, task).ms - (elapsed - task.run.since)
      note(left > 0 ? left : left + gatherMs)
    }
  }
  return next === Number.POSITIVE_INFINITY ? undefined : next
}
