import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../support/folder.ts'
import { ChildProcess, type Exit, freePort, ServerProcess } from '../support/process.ts'
import { inWords, type Pauses, pausesDuring } from './kit/pauses.ts'
import { holdingsOf } from './kit/proc.ts'
import { growthOf, lastThird, mean } from './soak/level.ts'
import { Load } from './soak/load.ts'
import { heapTableOf, tableOf } from './soak/report.ts'
import { Sampler } from './soak/sampler.ts'

/** `SHEAF_SOAK_MS=600000`: the long mode. */
const durationMs = Number(process.env.SHEAF_SOAK_MS ?? 4_000)
const isLong = durationMs >= 120_000

/**
 * How much what it holds may grow in the last third, as a share of the mean. In a few seconds a leak cannot be told from a heap that
 * finds its size: then it is only held to what would be out of all proportion.
 */
const mostGrowth = isLong ? 0.1 : 0.6
const megabyte = 1024 * 1024

describe(`a server at full load for ${durationMs / 1_000} s`, () => {
  let folder: ReturnType<typeof temporaryFolder>
  let sampler: Sampler
  let load: Load
  let pauses: Pauses
  let exit: Exit
  let stderr: string
  /** Connections and files when it was ready, and when all was over. */
  let filesBefore: number
  let filesAfter: number
  let left: { jobs: number; tasks: number; bodies: number }

  beforeAll(async () => {
    folder = temporaryFolder()
    const database = folder.file('sheaf.db')
    const script = join(import.meta.dir, 'soak/upstream-process.ts')
    await using upstream = new ChildProcess([process.execPath, script], folder.path)
    await using server = new ServerProcess(folder.path, freePort(), {
      SHEAF_HANDLERS: join(import.meta.dir, 'soak/handlers.ts'),
      SHEAF_IDEMPOTENCY_MS: '2000',
    })
    await server.ready()
    filesBefore = holdingsOf(server.pid).files
    load = await Load.start({ url: server.url, upstream: await upstream.stdout.line(/^http:/) })
    const everyMs = isLong ? 1_000 : 250
    sampler = new Sampler({ server, database, load, everyMs, heapEvery: isLong ? 10 : 4 })
    pauses = await pausesDuring(server, () => sampler.run(durationMs))
    await load.stop()
    left = await emptied(database, folder.path)
    filesAfter = holdingsOf(server.pid).files
    exit = await server.kill('SIGTERM')
    stderr = server.stderr.text
    console.log(`${tableOf(sampler.samples)}\n${heapTableOf(sampler.heaps)}\n${inWords(pauses)}`)
    console.log(`${load.tasks} tasks; descriptors ${filesBefore} before, ${filesAfter} after`)
  }, durationMs + 120_000)

  afterAll(() => folder[Symbol.dispose]())

  test('does all of it as it should', () => {
    expect(load.faults).toEqual([])
    expect(load.tasks).toBeGreaterThan(durationMs / 10)
  })

  test('comes to a size and stays there', () => {
    const { samples, heaps } = sampler
    expect(heaps.length).toBeGreaterThan(1)
    const growth = {
      rss: growthOf(samples.map(({ at, rss }) => [at, rss])),
      files: growthOf(samples.map(({ at, files }) => [at, files])),
      threads: growthOf(samples.map(({ at, threads }) => [at, threads])),
      database: growthOf(samples.map(({ at, file, log }) => [at, file + log])),
      heap: growthOf(heaps.map(({ at, heap }) => [at, heap])),
    }
    const inPercent = Object.entries(growth).map(([what, share]) => `${what} ${(share * 100).toFixed(1)} %`)
    console.log(`Growth in the last third: ${inPercent.join(', ')}`)
    const grown = Object.entries(growth).filter(([, share]) => share > mostGrowth)
    expect(grown).toEqual([])
  })

  test('is never large', () => {
    const last = lastThird(sampler.samples)
    // A timer for the timeout of each attempt, and what they do themselves; a leak of one a job would be thousands.
    expect(Math.max(...lastThird(sampler.heaps).map(({ timers }) => timers))).toBeLessThan(1_024)
    expect(mean(last.map(({ rss }) => rss))).toBeLessThan(600 * megabyte)
    expect(Math.max(...last.map(({ file, log }) => file + log))).toBeLessThan(400 * megabyte)
  })

  test('answers others all the while', () => {
    expect(pauses.own.p50).toBeLessThan(50)
    expect(pauses.own.p99).toBeLessThan(250)
  })

  test('keeps nothing of jobs whose time is over, nor of who has left', () => {
    expect(left).toEqual({ jobs: 0, tasks: 0, bodies: 0 })
    // Connections that are kept open for the next request; a leak of one a round would be hundreds.
    expect(filesAfter).toBeLessThan(filesBefore + 350)
  })

  test('says nothing of errors, and stops when asked', () => {
    expect(stderr).not.toContain('"level":"error"')
    expect(exit).toEqual({ code: 0, signal: null })
  })
})

/** Waits until nothing is left of all that was done, for 15 s at most; gives what is left then. */
const emptied = async (database: string, folder: string) => {
  using db = new Database(database, { readonly: true })
  const count = (table: 'jobs' | 'tasks') =>
    db.query<{ count: number }, []>(`select count(*) as count from sheaf_${table}`).get()?.count ?? 0
  const look = async () => ({
    jobs: count('jobs'),
    tasks: count('tasks'),
    bodies: (await readdir(join(folder, 'sheaf.db.artifacts')).catch(() => [])).length,
  })
  for (let tries = 0; tries < 150; tries += 1) {
    const { jobs, tasks, bodies } = await look()
    if (jobs + tasks + bodies === 0) break
    await Bun.sleep(100)
  }
  return look()
}
