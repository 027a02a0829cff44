import { expect } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine, type EngineOptions } from '../../src/engine/create.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { JobRecord, NewJob, NewTask, Store, TaskRecord } from '../../src/store/store.ts'
import { type FakeClock, fakeClock } from './clock.ts'
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
      return submitted.job
    },
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

let jobs = 0

/** A job of these tasks; a number stands for so many tasks of the kind `script`. */
export const newJob = (tasks: number | readonly NewTask[], overrides: Partial<NewJob> = {}): NewJob => ({
  id: Bun.randomUUIDv7(),
  name: `job ${++jobs}`,
  rule: { mode: 'allSettled', tolerate: 0, quorum: 1 },
  concurrency: undefined,
  priority: 5,
  labels: {},
  defaults: {},
  timeoutMs: undefined,
  keepMs: undefined,
  idempotency: undefined,
  tasks: typeof tasks === 'number' ? tasksOf('script', tasks) : tasks,
  ...overrides,
})

export const newTask = (kind: string, input: object = {}, overrides: Partial<NewTask> = {}): NewTask => ({
  key: undefined,
  kind,
  queue: kind,
  input: JSON.stringify(input),
  options: undefined,
  ...overrides,
})

/** Each has its own index as its input. */
export const tasksOf = (kind: string, count: number): NewTask[] =>
  Array.from({ length: count }, (_, index) => newTask(kind, { value: index }))

/** A folder of its own, removed at the end. */
export const tempFolder = (): { file: string } & Disposable => {
  const folder = mkdtempSync(join(tmpdir(), 'sheaf-engine-'))
  return {
    file: join(folder, 'sheaf.db'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
