import { expect } from 'bun:test'
import { createEngine } from '../../src/engine/create.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { EngineOptions } from '../../src/engine/options.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Acted, Action, JobRecord, NewJob, NewTask, Store, TaskRecord } from '../../src/store/store.ts'
import { type FakeClock, fakeClock } from '../../src/testing/clock.ts'
import { type JobFields, jobIn, newJob, newTask } from './jobs.ts'
import { echo, echoLater, Script } from './script.ts'

export interface RigOptions extends Partial<EngineOptions> {
  /** Default: a new one, in memory. */
  store?: Store
  clock?: FakeClock
  /** Put around the store that the engine gets. */
  wrap?: (store: Store) => Store
  /** Default true. */
  start?: boolean
}

/** An engine on a real store, whose time and whose tasks the test controls. */
export interface Rig extends AsyncDisposable {
  engine: Engine
  /** As the engine has it, before it was wrapped. */
  store: Store
  clock: FakeClock
  script: Script
  logs: { level: string; message: string; fields: Record<string, unknown> | undefined }[]
  /** Submits a job that is new, and gives what is on disk of it. */
  submit(job: NewJob): Promise<JobRecord>
  act(type: Action['type'], job: { id: string }): Promise<Acted>
  /** The job as it is on disk. */
  read(job: { id: string }): Promise<JobRecord>
  tasks(job: { id: string }): Promise<TaskRecord[]>
  /** Waits for the job's end, however often the clock would have to be moved for a retry. */
  ended(job: { id: string }): Promise<JobRecord>
  /** Lets everything happen that needs no time to pass. */
  settle(): Promise<void>
  /** Stops the engine as the process would, the grace period included. */
  stop(): Promise<void>
}

const graceMs = 5_000
const years = 100_000_000_000

/** Dispose of it with `await using`: that stops it, closes the store, and fails if a timer is left. */
export const startEngine = async ({ wrap = (store) => store, start = true, ...options }: RigOptions = {}) => {
  const clock = options.clock ?? fakeClock()
  const store = options.store ?? openSqlite({ file: ':memory:' })
  const script = new Script()
  const logs: Rig['logs'] = []
  const kinds = { script, echo, echoLater }
  const log: EngineOptions['log'] = (level, message, fields) => void logs.push({ level, message, fields })
  const engine = createEngine({ kinds, graceMs, log, ...options, clock, store: wrap(store) })
  if (start) await engine.start()

  const rig: Rig = {
    engine,
    store,
    clock,
    script,
    logs,
    async submit(job) {
      const submitted = await engine.submit(job)
      expect(submitted.type).toBe('created')
      return jobIn(submitted)
    },
    act: (type, { id }) => engine.act({ type, job: id }),
    async read({ id }) {
      const job = await store.job(id)
      if (job === undefined) throw new Error(`There is no job ${id}`)
      return job
    },
    async tasks({ id }) {
      const { data } = await store.tasks(await rig.read({ id }), { limit: 100_000 })
      return data
    },
    async ended({ id }) {
      const job = await engine.ended(id, years)
      if (job === undefined) throw new Error(`There is no job ${id}`)
      return job
    },
    settle: () => clock.advance(0),
    async stop() {
      const stopped = engine.stop()
      await clock.advance(options.graceMs ?? graceMs)
      await stopped
    },
    async [Symbol.asyncDispose]() {
      await rig.stop()
      const { pending } = clock
      if (options.store === undefined) await store.close()
      expect(pending).toBe(0)
    },
  }
  return rig
}

/** A job of these tasks; a number stands for so many of the kind `script`. */
export const jobOf = (tasks: number | readonly NewTask[], fields: Omit<JobFields, 'tasks'> = {}): NewJob =>
  newJob({ ...fields, tasks: typeof tasks === 'number' ? tasksOf('script', tasks) : tasks })

export const taskOf = (kind: string, input: object = {}, fields: Partial<NewTask> = {}): NewTask =>
  newTask({ kind, queue: kind, input: JSON.stringify(input), ...fields })

/** Each has its own index as its value. */
export const tasksOf = (kind: string, count: number): NewTask[] =>
  Array.from({ length: count }, (_, index) => taskOf(kind, { value: index }))
