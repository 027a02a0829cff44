import type { Clock } from '../../clock.ts'
import { Problem, show } from '../../job/errors.ts'
import { type FieldError, invalid } from '../../job/explain.ts'
import { longestScheduledJob, type ScheduleSpec, tooLong, withinJob } from '../../job/schedule.ts'
import type { ScheduleRecord } from '../../store/schedule.ts'
import type { NewJob, Store, Submitted } from '../../store/store.ts'
import type { Engine } from '../engine.ts'
import { cronErrors, ticksOf } from './cron.ts'
import { type Prepare, type PrepareOptions, preparing } from './prepare.ts'
import { Scheduler, type SchedulerHost } from './scheduler.ts'

export interface SchedulesOptions extends PrepareOptions, Pick<SchedulerHost, 'log'> {
  store: Pick<Store, 'job' | 'schedule' | 'dueSchedules'>
  clock: Pick<Clock, 'now' | 'after' | 'id'>
  engine: Pick<Engine, 'submit' | 'act'>
}

/** What is done to schedules; to read them, ask the store. */
export interface Schedules {
  /**
   * Creates the schedule of this id, or tells the one that is there what to do from now on: what it has done stays, and so
   * does its next tick if expression and time zone are the same. Resolves when that is on disk. Throws a Problem
   * (`invalid`, `conflict`, `unavailable`).
   */
  put(id: string, spec: ScheduleSpec, owner?: string): Promise<{ schedule: ScheduleRecord; created: boolean }>
  /** Its jobs stay. False if there was none. Throws a Problem (`unavailable`). */
  remove(id: string): Promise<boolean>
  /** Ticks that pass from now on make no jobs, nor are they missed. Undefined if there is no such schedule. */
  pause(id: string): Promise<ScheduleRecord | undefined>
  /** Goes on with the next tick. Undefined if there is no such schedule. */
  resume(id: string): Promise<ScheduleRecord | undefined>
  /**
   * Submits its job at once, paused or not, whatever jobs of it have not ended; its ticks stay as they are. Undefined if
   * there is no such schedule. Throws a Problem (`invalid`, `unavailable`).
   */
  run(id: string): Promise<{ asked: NewJob; submitted: Submitted } | undefined>
}

/** How often a change is tried that others come in between of. */
const mostTries = 10

export class KeptSchedules implements Schedules {
  readonly #store: SchedulesOptions['store']
  readonly #clock: SchedulesOptions['clock']
  readonly #submit: (job: NewJob) => Promise<Submitted>
  readonly #commit: SchedulerHost['change']
  readonly #make: Prepare
  readonly #scheduler: Scheduler

  constructor({ store, clock, engine, log, ...rest }: SchedulesOptions, commit: SchedulerHost['change']) {
    this.#store = store
    this.#clock = clock
    this.#submit = (job) => engine.submit(job)
    this.#commit = commit
    this.#make = preparing(rest)
    this.#scheduler = new Scheduler({
      store,
      clock,
      log,
      prepare: (schedule) => this.#prepare(schedule),
      submit: this.#submit,
      cancel: (job) => engine.act({ type: 'cancel', job }),
      change: commit,
    })
  }

  /** Comes to every tick from now on, those first that passed while nobody was there. */
  start(): void {
    this.#scheduler.start()
  }

  stop(): Promise<void> {
    return this.#scheduler.stop()
  }

  async put(id: string, spec: ScheduleSpec, owner?: string) {
    const { cron, timeZone = 'UTC', missed = 'skip', overlap = 'allow' } = spec
    const job = JSON.stringify(spec.job)
    const errors = this.#errorsOf({ ...spec, timeZone }, job, owner)
    if (errors.length > 0) throw invalid(errors)
    return this.#change(id, (before, now) => {
      const paused = spec.paused ?? before?.pausedAt !== undefined
      return {
        id,
        name: spec.name,
        cron,
        timeZone,
        missed,
        overlap,
        job,
        owner,
        pausedAt: paused ? (before?.pausedAt ?? now) : undefined,
        nextAt: paused ? undefined : ticksOf(cron, timeZone).after(now),
        lastAt: before?.lastAt,
        lastJob: before?.lastJob,
        lastSkip: before?.lastSkip,
        createdAt: before?.createdAt ?? now,
        updatedAt: now,
      }
    })
  }

  remove(id: string): Promise<boolean> {
    return this.#commit({ type: 'remove', id })
  }

  pause(id: string) {
    return this.#changeThat(id, (before, now) =>
      before.pausedAt === undefined ? { ...before, pausedAt: now, nextAt: undefined } : before,
    )
  }

  resume(id: string) {
    return this.#changeThat(id, (before, now) => {
      if (before.pausedAt === undefined) return before
      return { ...before, pausedAt: undefined, nextAt: ticksOf(before.cron, before.timeZone).after(now) }
    })
  }

  async run(id: string) {
    const schedule = await this.#store.schedule(id)
    if (schedule === undefined) return undefined
    const asked = { ...this.#prepare(schedule), schedule: id }
    const submitted = await this.#submit(asked)
    // It was removed in between.
    return submitted.type === 'stale' ? undefined : { asked, submitted }
  }

  #prepare({ job, owner }: Pick<ScheduleRecord, 'job' | 'owner'>): NewJob {
    return this.#make(JSON.parse(job), { id: this.#clock.id(), now: this.#clock.now(), owner })
  }

  #errorsOf(
    { cron, timeZone }: { cron: string; timeZone: string },
    job: string,
    owner: string | undefined,
  ): FieldError[] {
    const errors = cronErrors(cron, timeZone, this.#clock.now())
    const bytes = Buffer.byteLength(job)
    if (bytes > longestScheduledJob) return [...errors, tooLong(bytes)]
    try {
      this.#prepare({ job, owner })
      return errors
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'invalid') throw error
      const { errors: found = [{ field: '', message: error.detail }] } = error.extensions
      return [...errors, ...withinJob(found as FieldError[])]
    }
  }

  async #changeThat(id: string, make: (before: ScheduleRecord, now: number) => ScheduleRecord) {
    const { schedule } = await this.#change(id, (before, now) => before && make(before, now))
    return schedule
  }

  /** Makes what is to be out of what is, and out of what is by then if others changed it in between. */
  async #change<Next extends ScheduleRecord | undefined>(
    id: string,
    make: (before: ScheduleRecord | undefined, now: number) => Next,
  ): Promise<{ schedule: Next | ScheduleRecord; created: boolean }> {
    for (let tries = 0; tries < mostTries; tries += 1) {
      const before = await this.#store.schedule(id)
      const now = this.#clock.now()
      const next = make(before, now)
      if (next === undefined || next === before) return { schedule: next, created: false }
      const updatedAt = before === undefined ? now : Math.max(now, before.updatedAt + 1)
      if (await this.#commit({ type: 'put', schedule: { ...next, updatedAt }, was: before?.updatedAt })) {
        this.#scheduler.wake()
        return { schedule: (await this.#store.schedule(id)) ?? next, created: before === undefined }
      }
    }
    throw new Problem('conflict', `Others are changing the schedule ${show(id)} at the same time. Try again.`)
  }
}
