import { expect } from 'bun:test'
import type { ScheduleSpec } from '../../../src/job/schedule.ts'
import { createKinds } from '../../../src/kinds/kinds.ts'
import type { ScheduleRecord } from '../../../src/store/schedule.ts'
import type { Batch, Committed, JobRecord, Store } from '../../../src/store/store.ts'
import { type FakeClock, fakeClock } from '../../../src/testing/clock.ts'
import { type Rig, type RigOptions, startEngine } from '../../support/engine.ts'
import { Script } from '../../support/script.ts'

/** A Friday. */
export const newYear = Date.UTC(2027, 0, 1)

/** A job that ends at once. */
export const empty = { tasks: [] }
/** A job that runs until the test ends it, by `runs`. */
export const holding = { tasks: [{ kind: 'sleep', ms: 1 }] }

export interface SchedulesRig extends Rig {
  /** The runs of the tasks of jobs that are `holding`. */
  runs: Script
  /** Puts a schedule there; by default one that ticks every ten seconds. */
  put(id: string, spec?: Partial<ScheduleSpec>): Promise<ScheduleRecord>
  /** The schedule as it is on disk. */
  schedule(id: string): Promise<ScheduleRecord>
  /** The jobs that it made, the oldest first. */
  jobsOf(id: string): Promise<JobRecord[]>
  /** When it made them, in milliseconds from the new year. */
  timesOf(id: string): Promise<number[]>
}

/** An engine whose clock stands at the new year of 2027. */
export const startSchedules = async (options: RigOptions & { clock?: FakeClock } = {}) => {
  const runs = new Script()
  const clock = options.clock ?? fakeClock(newYear)
  const kinds = { ...createKinds({ clock }), sleep: runs }
  const rig = await startEngine({ kinds, ...options, clock })
  const { store, engine } = rig
  const jobsOf = async (id: string) => {
    const { data } = await store.jobs({ schedule: id, limit: 10_000 })
    return data.reverse()
  }
  const own: Omit<SchedulesRig, keyof Rig> = {
    runs,
    jobsOf,
    timesOf: async (id) => (await jobsOf(id)).map(({ createdAt }) => createdAt - newYear),
    async put(id, spec = {}) {
      const { schedule } = await engine.schedules.put(id, { cron: '*/10 * * * * *', job: empty, ...spec })
      return schedule
    },
    async schedule(id) {
      const schedule = await store.schedule(id)
      if (schedule === undefined) throw new Error(`There is no schedule ${id}`)
      return schedule
    },
  }
  return Object.assign(rig, own)
}

/** Why the last tick made no job. */
export const skipOf = ({ lastSkip }: ScheduleRecord): { code: string; message: string } | undefined =>
  lastSkip === undefined ? undefined : JSON.parse(lastSkip)

type Commit = (batch: Batch, commit: () => Promise<Committed>) => Promise<Committed>

/** The store, with something around its commits. */
export const around = (store: Store, commit: Commit): Store =>
  replacing(store, 'commit', (batch, now) => commit(batch, () => store.commit(batch, now)))

/** The store, with something in place of what reads the schedules that are due. */
export const reading = (store: Store, read: Store['dueSchedules']): Store =>
  replacing(store, 'dueSchedules', async (now, limit) => read(now, limit))

const replacing = <Name extends keyof Store>(store: Store, method: Name, by: Store[Name]): Store =>
  new Proxy(store, {
    get: (target, name) => {
      if (name === method) return by
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

/** Ends every run that has started. */
export const endAll = (runs: Script) => {
  for (const run of runs.runs) run.succeed()
}

/** Fails if two of the jobs were made for the same tick of a schedule that ticks every so many milliseconds. */
export const expectOneEach = (times: readonly number[], everyMs: number) => {
  const ticks = times.map((time) => Math.floor(time / everyMs))
  expect(new Set(ticks).size).toBe(ticks.length)
}
