import type { JobView } from '../../../src/job/wire.ts'
import { onExit } from './cleanup.ts'
import { newFolder } from './folder.ts'
import { said } from './said.ts'

/** A server in a process of its own. */
export interface Sheaf extends Address {
  pid: number
  /** From before its process is started until `/readyz` says that it takes jobs. */
  readyMs: number
  /** Kills it, and removes its file if that was made for it. */
  stop(): Promise<void>
  /** Has it stop as a signal does; its file stays. */
  end(): Promise<void>
}

export interface Start {
  /** A file to work on. Default: a new one, which goes when the server does. */
  database?: string
  /** What is started. Default: as `bun run start` does. */
  command?: readonly string[]
  /** What its tasks may reach, as `SHEAF_EGRESS_ALLOW`. Default: this machine, where the upstream is. */
  allow?: string
}

export interface Address {
  url: string
}

const started = [process.execPath, `${import.meta.dir}/../../../src/main.ts`]

export const startSheaf = async ({ database, command = started, allow }: Start = {}): Promise<Sheaf> => {
  const { path, remove } = database === undefined ? newFolder() : { path: '', remove: async () => {} }
  const env = {
    ...withoutSettings(process.env),
    ...settings(database ?? `${path}/sheaf.db`),
    ...(allow !== undefined && { SHEAF_EGRESS_ALLOW: allow }),
  }
  const began = performance.now()
  const child = Bun.spawn([...command], { stdio: ['ignore', 'pipe', 'inherit'], env })
  const kill = onExit(async () => {
    child.kill('SIGKILL')
    await child.exited
  })
  const url = await urlIn(child.stdout)
  const { status } = await fetch(`${url}/readyz`)
  if (status !== 200) throw new Error(`Expected a server that listens to be ready, got ${status}`)
  return {
    url,
    pid: child.pid,
    readyMs: performance.now() - began,
    stop: async () => {
      await kill()
      await remove()
    },
    end: async () => {
      child.kill('SIGTERM')
      await child.exited
      await kill()
    },
  }
}

/** As shipped, but for `concurrency`, how many tasks run at once, if given. */
export const settings = (database: string, concurrency?: number): Record<string, string> => ({
  HOST: '127.0.0.1',
  PORT: '0',
  SHEAF_DATABASE: database,
  SHEAF_DURABILITY: 'full',
  SHEAF_LOG: 'warn',
  // Where the upstream is.
  SHEAF_EGRESS_ALLOW: '127.0.0.1',
  ...(concurrency !== undefined && { SHEAF_CONCURRENCY: String(concurrency) }),
})

/** What is set in the shell is not measured. */
const withoutSettings = (env: NodeJS.ProcessEnv) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('SHEAF_')))

/** The address in the line that says that the server listens. */
export const urlIn = (stdout: ReadableStream<Uint8Array>): Promise<string> =>
  said(stdout, /http:\/\/[\d.]+:\d+/)

/** Submits a job; it is on disk. */
export const submit = async ({ url }: Address, spec: object): Promise<JobView> => {
  const response = await fetch(`${url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(spec),
  })
  if (response.status !== 202)
    throw new Error(`Expected 202, got ${response.status}: ${await response.text()}`)
  return (await response.json()) as JobView
}

/** Adds tasks to a job that is not sealed; they are on disk. */
export const add = async ({ url }: Address, job: string, spec: object): Promise<JobView> => {
  const response = await fetch(`${url}/jobs/${job}/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(spec),
  })
  if (!response.ok) throw new Error(`Expected 202, got ${response.status}: ${await response.text()}`)
  return (await response.json()) as JobView
}

/** Sets what a queue allows, or those of a pattern of names. */
export const limit = async ({ url }: Address, queue: string, limits: object): Promise<void> => {
  const response = await fetch(`${url}/queues/${queue}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(limits),
  })
  if (!response.ok) throw new Error(`Expected 200, got ${response.status}: ${await response.text()}`)
}

export const act = async ({ url }: Address, job: string, action: 'pause' | 'resume'): Promise<void> => {
  const response = await fetch(`${url}/jobs/${job}/${action}`, { method: 'POST' })
  if (!response.ok) throw new Error(`Expected 200, got ${response.status}: ${await response.text()}`)
}

/** Waits until the job has ended; asks seldom, so as not to be measured itself, unless it is told that this does no harm. */
export const untilEnded = async ({ url }: Address, id: string, everyMs = 100): Promise<JobView> => {
  for (;;) {
    const job = (await (await fetch(`${url}/jobs/${id}`)).json()) as JobView
    if (job.finishedAt !== null) return job
    await Bun.sleep(everyMs)
  }
}
