import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { temporaryFolder } from '../support/folder.ts'
import { lowestOf, percentile } from '../support/livez.ts'
import { ChildProcess, freePort, ServerProcess } from '../support/process.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { inWords, type Pauses, pausesDuring } from './kit/pauses.ts'
import { holdingsOf } from './kit/proc.ts'
import { ask, readJob } from './kit/rest.ts'
import { type SmallJob, smallJobsDuring } from './million/small-jobs.ts'

const million = 1_000_000
const megabyte = 1024 * 1024

/** From the start of the process to the first request of a task: the start of Bun included. On a quiet machine 0.5 s. */
const firstTaskMs = 1_000
/** For a machine on which everything else runs as well. */
const allowance = 2

describe('a job of a million tasks', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let upstream: Upstream
  let database: string
  const rounds: { readyMs: number; firstMs: number }[] = []
  let server: ServerProcess
  let id: string
  let rss: number

  /** Starts a server on the file; gives how long it took until a task of the job had begun. */
  const start = async (): Promise<number> => {
    await server?.kill('SIGTERM')
    const before = upstream.count('/hang')
    const since = performance.now()
    server = new ServerProcess(folder.path, freePort(), { SHEAF_GRACE_MS: '0' })
    const first = upstream.arrived('/hang', before + 1).then(() => performance.now() - since)
    await server.ready()
    const readyMs = performance.now() - since
    const firstMs = await first
    rounds.push({ readyMs, firstMs })
    return firstMs
  }

  beforeAll(async () => {
    folder = temporaryFolder()
    upstream = startUpstream({ record: false })
    database = folder.file('sheaf.db')
    const since = performance.now()
    const script = join(import.meta.dir, 'million/fill.ts')
    await using fill = new ChildProcess(
      [process.execPath, script, database, String(million), `${upstream.url}/hang`],
      folder.path,
    )
    id = await fill.stdout.line(/./)
    await fill.ended
    console.log(`A file with ${million} tasks: ${seconds(since)}, ${megabytes(Bun.file(database).size)}`)
  }, 120_000)

  afterAll(async () => {
    await server?.kill('SIGKILL')
    await upstream.stop()
    folder[Symbol.dispose]()
  })

  test('runs its first task within a second of the start of the server', async () => {
    const lowest = await lowestOf(start, firstTaskMs)
    for (const { readyMs, firstMs } of rounds)
      console.log(`Start: ready after ${readyMs.toFixed()} ms, first task after ${firstMs.toFixed()} ms`)
    expect(lowest).toBeLessThan(firstTaskMs * allowance)
  }, 120_000)

  test('costs no memory while it waits', async () => {
    await until(async () => (await readJob(server.url, id)).counts.running === 64)
    rss = holdingsOf(server.pid).rss
    console.log(`RSS after the start: ${megabytes(rss)}`)
    expect(rss).toBeLessThan(250 * megabyte)
  }, 30_000)

  test('is cancelled while small jobs go on', async () => {
    const began = performance.now()
    let stillStoppingAt = 0
    const { jobs, pauses } = await beside(server, async () => {
      const { state } = await ask(`${server.url}/jobs/${id}/cancel`, 'POST')
      expect(state).toBe('stopping')
      await until(async () => {
        const askedAt = performance.now()
        const { state } = await readJob(server.url, id)
        if (state === 'stopping') stillStoppingAt = askedAt
        return state === 'cancelled'
      })
    })
    console.log(`Cancelled: ${seconds(began)}. ${wordsOf(jobs, pauses)}`)
    const { outcome, counts } = await readJob(server.url, id)
    expect(outcome).toBe('cancelled')
    expect(counts).toMatchObject({ total: million, cancelled: million, queued: 0, running: 0 })
    expect(jobs.filter(({ endedAt }) => endedAt < stillStoppingAt).length).toBeGreaterThan(10)
    expectNoneToWait(jobs, pauses)
  }, 120_000)

  test('is deleted, and its space given back, while small jobs go on', async () => {
    const sizeBefore = Bun.file(database).size
    const began = performance.now()
    const { jobs, pauses } = await beside(server, async () => {
      await ask(`${server.url}/jobs/${id}`, 'DELETE')
      expect((await fetch(`${server.url}/jobs/${id}`)).status).toBe(404)
      await until(() => isShrunk(database))
    })
    const size = Bun.file(database).size
    console.log(
      `Deleted: ${seconds(began)}, ${megabytes(sizeBefore)} to ${megabytes(size)}. ${wordsOf(jobs, pauses)}`,
    )
    expectNoneToWait(jobs, pauses)
  }, 120_000)

  test('leaves a server that is no larger than before, and says nothing', async () => {
    const { rss: after } = holdingsOf(server.pid)
    console.log(`RSS after the end: ${megabytes(after)}`)
    expect(after).toBeLessThan(rss + 150 * megabyte)
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null })
    expect(server.stderr.text).toBe('')
  }, 30_000)
})

/** Small jobs, and how long the server lets others wait, while the work lasts. */
const beside = async (server: ServerProcess, work: () => Promise<void>) => {
  let jobs: SmallJob[] = []
  const pauses = await pausesDuring(server, async () => {
    jobs = await smallJobsDuring(server.url, work)
  })
  return { jobs, pauses }
}

/** Whether what was deleted is gone from the disk. */
const isShrunk = async (database: string): Promise<boolean> => {
  using db = new Database(database, { readonly: true })
  const purges = db.query<{ count: number }, []>('select count(*) as count from sheaf_purges').get()
  const free = db.query<{ freelist_count: number }, []>('pragma freelist_count').get()
  return purges?.count === 0 && (free?.freelist_count ?? 0) <= 2_048
}

const expectNoneToWait = (jobs: readonly SmallJob[], pauses: Pauses) => {
  expect(medianOf(jobs)).toBeLessThan(500)
  expect(Math.max(...jobs.map(({ tookMs }) => tookMs))).toBeLessThan(5_000)
  // On a machine that has nothing else to do, the longest is to be under 20 ms.
  expect(pauses.own.p50).toBeLessThan(30)
  expect(pauses.own.p99).toBeLessThan(100)
}

const wordsOf = (jobs: readonly SmallJob[], pauses: Pauses): string => {
  const slowest = Math.max(...jobs.map(({ tookMs }) => tookMs))
  return `${jobs.length} small jobs: median ${medianOf(jobs).toFixed(1)}, max ${slowest.toFixed(1)} ms. ${inWords(pauses)}`
}

const medianOf = (jobs: readonly SmallJob[]): number =>
  percentile(
    jobs.map(({ tookMs }) => tookMs).toSorted((one, other) => one - other),
    0.5,
  )

const until = async (isSo: () => Promise<boolean>): Promise<void> => {
  while (!(await isSo())) await Bun.sleep(50)
}

const seconds = (since: number) => `${((performance.now() - since) / 1_000).toFixed(1)} s`
const megabytes = (bytes: number) => `${Math.round(bytes / megabyte)} MB`
