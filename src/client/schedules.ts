import type { ScheduleSpec } from '../job/schedule.ts'
import type { JobCommon } from '../job/spec.ts'
import type { JobState } from '../job/state.ts'
import type { JobView } from '../job/wire.ts'
import type { ScheduleView } from '../kinds/schedule.ts'
import { SheafError } from './errors.ts'
import { Job, type Tools, type WaitOptions } from './job.ts'
import { segmentOf } from './segment.ts'
import { isEach } from './submit.ts'
import type { Dated, Each, Task } from './task.ts'

/** What a schedule is told. Its job is what `submit` takes: tasks, or `each(…)`, and options beside them. */
export interface ScheduleOptions extends Omit<ScheduleSpec, 'job'> {
  job: Dated<JobCommon> & { tasks: Iterable<Task> | Each }
}

/** A page of a list; `next` is the cursor of the next one, or null at the end. */
interface Page<T> {
  data: T[]
  next: string | null
}

export interface ScheduleListOptions extends WaitOptions {
  /** The `next` of the page before. */
  cursor?: string
  /** How many to return, at most. Default 50. */
  limit?: number
}

export interface HistoryOptions extends ScheduleListOptions {
  state?: JobState
}

/** Jobs that the server submits again and again, on a cron expression with a time zone. */
export interface Schedules {
  /**
   * Creates the schedule of this id (1 to 100 letters, digits and any of `. _ -`), or replaces what the one that is there is
   * told. Once or twice is the same, so that a deployment can say what there is to be.
   */
  put(id: string, schedule: ScheduleOptions, options?: WaitOptions): Promise<ScheduleView>
  get(id: string, options?: WaitOptions): Promise<ScheduleView>
  /** All of them, by id. */
  list(options?: ScheduleListOptions): Promise<Page<ScheduleView>>
  /** Its jobs stay. Does nothing if it is not there. */
  remove(id: string, options?: WaitOptions): Promise<void>
  /** Ticks make no jobs until it is resumed, nor are they missed. */
  pause(id: string, options?: WaitOptions): Promise<ScheduleView>
  /** Goes on with the next tick. */
  resume(id: string, options?: WaitOptions): Promise<ScheduleView>
  /** Submits its job at once, paused or not; its ticks stay as they are. */
  run<Outputs extends readonly unknown[] = unknown[]>(
    id: string,
    options?: WaitOptions,
  ): Promise<Job<Outputs>>
  /** The jobs that it made and that are still kept, newest first. */
  jobs(id: string, options?: HistoryOptions): Promise<Page<JobView>>
}

export const createSchedules = (tools: Tools): Schedules => {
  const { api, ask } = tools
  const routeOf = (id: string) => api.schedules({ schedule: segmentOf(id) })
  return {
    put(id, schedule, options) {
      // Written once, and sent as often as need be; Eden's types want the object, to write it itself.
      const body = JSON.stringify({ ...schedule, job: specOf(schedule.job) }) as never
      const headers = { 'content-type': 'application/json' }
      return ask((fetch) => routeOf(id).put(body, { fetch, headers }), options)
    },
    get: (id, options) => ask((fetch) => routeOf(id).get({ fetch }), options),
    list: ({ signal, ...query } = {}) => ask((fetch) => api.schedules.get({ fetch, query }), { signal }),
    async remove(id, options) {
      try {
        await ask((fetch) => routeOf(id).delete(undefined, { fetch }), options)
      } catch (error) {
        if (!(error instanceof SheafError && error.code === 'not_found')) throw error
      }
    },
    pause: (id, options) => ask((fetch) => routeOf(id).pause.post(undefined, { fetch }), options),
    resume: (id, options) => ask((fetch) => routeOf(id).resume.post(undefined, { fetch }), options),
    async run(id, options) {
      // To say it twice is to run it twice.
      const asking = { ...options, repeatable: false }
      const job = await ask((fetch) => routeOf(id).run.post(undefined, { fetch }), asking)
      return new Job(tools, job.id)
    },
    jobs: (id, { signal, ...query } = {}) =>
      ask((fetch) => routeOf(id).jobs.get({ fetch, query }), { signal }),
  }
}

const specOf = ({ tasks, ...common }: ScheduleOptions['job']) =>
  isEach(tasks) ? { ...common, each: tasks } : { ...common, tasks: [...tasks] }
