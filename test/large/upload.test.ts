import { beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JobView, TaskView } from '../../src/job/wire.ts'
import { temporaryFolder } from '../support/folder.ts'
import { ChildProcess, freePort, ServerProcess } from '../support/process.ts'

/** `SHEAF_LARGE_TASKS=1000000` is the long mode. */
const tasks = Number(process.env.SHEAF_LARGE_TASKS ?? 100_000)
/** Of memory, in MiB: 64 for the pages that SQLite keeps, the rest for what the collector has not collected. A million cost the same. */
const mostGrowth = 280

interface Uploaded {
  answer: { status: number; job: JobView }
  /** The job as it was seen with tasks that had ended, while the upload still came in. */
  underWay: JobView | undefined
  growth: number
  ratePerSecond: number
}

const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

const get = async <T>(url: string): Promise<T> => (await fetch(url)).json() as Promise<T>

const jobWhen = async (url: string, fits: (job: JobView) => boolean): Promise<JobView> => {
  for (;;) {
    const job = await get<JobView>(url)
    if (fits(job)) return job
    await Bun.sleep(20)
  }
}

const send = (server: ServerProcess, folder: string, count: number, ...how: string[]) =>
  new ChildProcess(
    [process.execPath, join(import.meta.dir, 'sender.ts'), server.url, String(count), ...how],
    folder,
  )

const upload = async (server: ServerProcess, folder: string): Promise<Uploaded> => {
  const before = memoryOf(server.pid)
  let peak = before
  let underWay: JobView | undefined
  const since = performance.now()
  await using sender = send(server, folder, tasks, 'keyed')
  let isSent = false
  void sender.ended.then(() => {
    isSent = true
  })
  while (!isSent) {
    peak = Math.max(peak, memoryOf(server.pid))
    const { data } = await get<{ data: JobView[] }>(`${server.url}/jobs`)
    underWay ??= data.find(({ sealed, counts }) => !sealed && counts.succeeded > 0)
    await Bun.sleep(20)
  }
  const ratePerSecond = Math.round((tasks / (performance.now() - since)) * 1_000)
  return { answer: JSON.parse(sender.stdout.text), underWay, growth: peak - before, ratePerSecond }
}

describe(`an upload of ${tasks} tasks with keys`, () => {
  let uploaded: Uploaded
  let job: JobView
  let last: TaskView

  beforeAll(async () => {
    using folder = temporaryFolder()
    await using server = await new ServerProcess(folder.path, freePort()).ready()
    uploaded = await upload(server, folder.path)
    const url = `${server.url}/jobs/${uploaded.answer.job.id}`
    job = await jobWhen(url, ({ finishedAt }) => finishedAt !== null)
    last = await get<TaskView>(`${url}/tasks/task-${tasks - 1}`)
    console.log(`${uploaded.ratePerSecond} tasks/s, ${Math.round(uploaded.growth)} MiB more at its peak`)
  }, 600_000)

  test('is accepted as a whole, and sealed', () => {
    expect(uploaded.answer).toMatchObject({ status: 202, job: { sealed: true, counts: { total: tasks } } })
  })

  test('runs its tasks while it comes in', () => {
    expect(uploaded.underWay?.counts.total).toBeLessThan(tasks)
  })

  test('takes no more memory for being long', () => {
    expect(uploaded.growth).toBeLessThan(mostGrowth)
  })

  test('runs every task, once it is there', () => {
    expect(job).toMatchObject({ state: 'succeeded', counts: { total: tasks, succeeded: tasks } })
    expect(last).toMatchObject({ index: tasks - 1, state: 'succeeded', attempt: 1 })
  })
})

test('an upload whose sender is killed leaves what was stored, from where another goes on', async () => {
  using folder = temporaryFolder()
  await using server = await new ServerProcess(folder.path, freePort()).ready()
  const count = 5_500
  await using sender = send(server, folder.path, count, 'keyed', 'stall')
  const list = async () => (await get<{ data: JobView[] }>(`${server.url}/jobs`)).data
  let [broken] = await list()
  for (; broken?.counts.total !== count; [broken] = await list()) await Bun.sleep(20)
  expect(await sender.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })
  const url = `${server.url}/jobs/${broken.id}`
  expect(await get<JobView>(url)).toMatchObject({ sealed: false, state: 'running' })
  const headers = { 'content-type': 'application/x-ndjson' }
  const rest = `{"kind":"sleep","ms":0,"key":"task-${count}","after":["task-0"]}\n`
  const answer = await fetch(`${url}/tasks?from=${count}&seal=true`, { method: 'POST', headers, body: rest })
  expect(answer.status).toBe(202)
  const job = await jobWhen(url, ({ finishedAt }) => finishedAt !== null)
  expect(job).toMatchObject({ state: 'succeeded', counts: { total: count + 1, succeeded: count + 1 } })
}, 60_000)
