import type { Clock } from '../../clock.ts'
import { Problem, show } from '../../job/errors.ts'
import type { Skip, SkipCode } from '../../job/schedule.ts'
import { hasEnded } from '../../job/state.ts'
import type { ScheduleChange, ScheduleRecord } from '../../store/schedule.ts'
import type { NewJob, Store, Submitted } from '../../store/store.ts'
import { toIso } from '../view.ts'
import { type Ticks, ticksOf } from './cron.ts'

/** A schedule that stands at a tick. */
export type Due = ScheduleRecord & { nextAt: number }

export const isDue = (schedule: ScheduleRecord): schedule is Due => schedule.nextAt !== undefined

/** What a tick needs of the engine. */
export interface TickHost {
  store: Pick<Store, 'job'>
  clock: Pick<Clock, 'now'>
  /** Makes a job of what the schedule says. Throws a Problem when that is no longer one that the server takes. */
  prepare(schedule: ScheduleRecord): NewJob
  submit(job: NewJob): Promise<Submitted>
  cancel(job: string): Promise<unknown>
  change(change: ScheduleChange): Promise<boolean>
  log(level: 'debug' | 'warn' | 'error', message: string, fields?: Record<string, unknown>): void
}

/** A tick that is later than this was missed: a restart takes less. */
const onTimeMs = 60_000
/** How long to wait before what there was no room for is tried again. */
const againMs = 5_000

/**
 * Makes the job of the tick at which a schedule stands and moves the schedule on, in one commit; or moves it on and says
 * why there is no job. Of ticks that have piled up, the last one counts. What moved the schedule before wins. Rejects when
 * nothing could be written: then the schedule stands where it stood.
 */
export const comeTo = async (schedule: Due, host: TickHost): Promise<void> => {
  const now = host.clock.now()
  const plan = planOf(schedule, now)
  if ('skip' in plan) return skip(schedule, host, plan)
  const { nextAt } = plan
  const running = schedule.overlap === 'allow' ? undefined : await openJob(schedule, host)
  if (running !== undefined && schedule.overlap === 'skip')
    return skip(schedule, host, { nextAt, skip: because('overlap', `Job ${running} had not ended.`) })

  const job = prepare(schedule, host)
  if ('code' in job) return skip(schedule, host, { nextAt, skip: job })
  const tick = { schedule: schedule.id, at: schedule.nextAt, nextAt }
  // Asked for in one turn of the event loop, both are in one commit.
  const [submitted] = await Promise.all([
    host.submit({ ...job, tick }),
    running === undefined ? undefined : host.cancel(running),
  ])
  const refused = refusalOf(submitted, { job, replaces: running, now: host.clock.now() })
  if (refused) await skip(schedule, host, { nextAt, ...refused })
  else if (submitted.type === 'created')
    host.log('debug', 'A schedule made a job', { schedule: schedule.id, job: submitted.job.id })
}

interface Skipping {
  skip: Skip
  nextAt: number | undefined
}

const because = (code: SkipCode, message: string): Skip => ({ code, message })

/** When the next tick is, and why this one makes no job, if that is a matter of time. */
const planOf = (schedule: Due, now: number): Skipping | { nextAt: number | undefined } => {
  const { cron, timeZone, missed } = schedule
  let ticks: Ticks
  let nextAt: number | undefined
  try {
    ticks = ticksOf(cron, timeZone)
    nextAt = ticks.after(now)
  } catch {
    // Both were checked when the schedule was put there.
    return {
      skip: because('invalid', `The time zone ${show(timeZone)} is no longer known.`),
      nextAt: undefined,
    }
  }
  // Where it stands is no tick of its own when it was put off.
  const latest = Math.max(schedule.nextAt, ticks.upTo(now) ?? 0)
  if (missed === 'once' || now - latest <= onTimeMs) return { nextAt }
  const message = `Nobody was there at ${toIso(schedule.nextAt)}, nor until ${toIso(now)}.`
  return { skip: because('missed', message), nextAt }
}

/** The job before, if that has not ended. */
const openJob = async ({ lastJob }: Due, { store }: TickHost): Promise<string | undefined> => {
  const job = lastJob === undefined ? undefined : await store.job(lastJob)
  return job === undefined || hasEnded(job.state) ? undefined : job.id
}

const prepare = (schedule: Due, host: TickHost): NewJob | Skip => {
  try {
    return host.prepare(schedule)
  } catch (error) {
    if (error instanceof Problem) return because('invalid', error.detail)
    host.log('error', 'A schedule failed to make a job', { schedule: schedule.id, error })
    return because('invalid', 'Sheaf failed to make the job.')
  }
}

/** Why there is no job; undefined if there is, or if the tick was somebody else's. */
const refusalOf = (
  submitted: Submitted,
  { job: { tasks }, replaces, now }: { job: NewJob; replaces: string | undefined; now: number },
): (Pick<Skipping, 'skip'> & Partial<Skipping>) | undefined => {
  switch (submitted.type) {
    case 'created':
    // Somebody else came to the tick first, or the schedule was changed.
    case 'stale':
      return undefined
    case 'full': {
      const { of, waiting, most } = submitted
      const message = `Expected at most ${most} tasks of this ${of} to wait, got ${tasks.length} more while ${waiting} do.`
      // What would be too much if nothing else waited never fits.
      if (tasks.length > most) return { skip: because('invalid', message) }
      return { skip: because('full', message), nextAt: now + againMs }
    }
    case 'existing': {
      const { id } = submitted.job
      const why = because('existing', `Job ${id} is of the same key.`)
      // It was cancelled to make room for this one, and has yet to end.
      return id === replaces ? { skip: why, nextAt: now + againMs } : { skip: why }
    }
    // No tick has an idempotency key.
    case 'repeated':
    case 'mismatch':
    case 'pending':
    case 'gone':
      throw new Error(`A tick cannot be "${submitted.type}"`)
    default:
      return submitted satisfies never
  }
}

const skip = async (schedule: Due, host: TickHost, { skip, nextAt }: Skipping): Promise<void> => {
  const { id, nextAt: at } = schedule
  if (!(await host.change({ type: 'skip', id, at, nextAt, why: JSON.stringify(skip) }))) return
  const level = skip.code === 'overlap' || skip.code === 'existing' ? 'debug' : 'warn'
  host.log(level, 'A schedule made no job', { schedule: id, ...skip })
}
