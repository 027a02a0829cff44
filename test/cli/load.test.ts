import { expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import type { JobSpec } from '../../src/kinds/spec.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Store } from '../../src/store/store.ts'
import { readJob, readResults, submit } from '../crash/rest.ts'
import { checkJob, queuesOf } from '../store/contract/invariants.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort, ServerProcess } from '../support/process.ts'
import { runSheaf } from './sheaf.ts'

setDefaultTimeout(60_000)

const settings = { SHEAF_HANDLERS: join(import.meta.dir, 'handlers.ts') }
const tasksOfAJob = 100
const small: JobSpec = {
  tasks: Array.from({ length: tasksOfAJob }, (_, i) => ({ kind: 'sleep', ms: i % 5 }) as const),
}

/** Submits jobs, a few at once, until it is disposed of; keeps the ids of those that were accepted. */
class Load implements AsyncDisposable {
  readonly accepted: string[] = []
  #going = true
  #grown = Promise.withResolvers<void>()
  readonly #lanes: Promise<void>[]

  constructor(readonly url: string) {
    this.#lanes = Array.from({ length: 4 }, () => this.#submit())
  }

  /** Resolves when so many more have been accepted. */
  async grownBy(more: number): Promise<void> {
    for (const goal = this.accepted.length + more; this.accepted.length < goal; ) await this.#grown.promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#going = false
    await Promise.all(this.#lanes)
  }

  async #submit(): Promise<void> {
    while (this.#going) {
      this.accepted.push((await submit(this.url, Bun.randomUUIDv7(), small)).id)
      this.#grown.resolve()
      this.#grown = Promise.withResolvers()
    }
  }
}

/** Every job with its tasks; each job's own account, and that of the queues, is checked against the rows. */
const readAll = async (store: Store) => {
  const limit = 1_000_000
  const { data } = await store.jobs({ limit })
  const moments = await Promise.all(
    data.map(async (job) => ({ job, rows: (await store.tasks(job, { limit })).data })),
  )
  for (const { job, rows } of moments) checkJob(job, rows)
  expect(await store.queues({ limit })).toEqual(queuesOf(moments))
  return moments
}

test('a backup of a server under load has every job that was acknowledged before, is consistent, and goes on as a server', async () => {
  using folder = temporaryFolder()
  await using server = await new ServerProcess(folder.path, freePort(), settings).ready()
  const patient = await submit(server.url, 'patient', {
    tasks: [
      { kind: 'call', handler: 'patient', key: 'first' },
      { kind: 'sleep', ms: 0, after: ['first'] },
    ],
  })

  let before: string[] = []
  {
    await using load = new Load(server.url)
    await load.grownBy(100)
    before = [patient.id, ...load.accepted]
    const { code, out, err } = await runSheaf(folder.path, ['backup', 'copy.db'])
    expect({ code, err, lines: out.length }).toEqual({ code: 0, err: [], lines: 1 })
    await load.grownBy(20)
  }
  // The server noticed nothing of it.
  expect(server.stderr.text).toBe('')
  expect(await readJob(server.url, patient.id)).toMatchObject({ state: 'running', counts: { running: 1 } })
  await server.kill('SIGKILL')

  const store = openSqlite({ file: folder.file('copy.db') })
  const moments = await readAll(store)
  await store.close()
  const there = new Set(moments.map(({ job }) => job.id))
  expect(before.filter((id) => !there.has(id))).toEqual([])
  const running = moments.reduce((sum, { job }) => sum + job.counts.running, 0)
  expect(running).toBeGreaterThan(0)

  const copy = { ...settings, SHEAF_DATABASE: folder.file('copy.db') }
  await using next = await new ServerProcess(folder.path, freePort(), copy).ready()
  expect(await readResults(next.url, patient.id)).toMatchObject([
    { state: 'succeeded', attempt: 2, output: 'taken back' },
    { state: 'succeeded', attempt: 1, output: null },
  ])
  for (const { job } of moments) {
    await readResults(next.url, job.id)
    const { counts } = await readJob(next.url, job.id)
    expect(counts).toMatchObject({ total: job.counts.total, succeeded: job.counts.total })
  }
  expect(await readResults(next.url, (await submit(next.url, 'more', small)).id)).toHaveLength(tasksOfAJob)
  expect(next.stderr.lines).toEqual([expect.stringContaining(`"rescued":${running}}`)])
})
