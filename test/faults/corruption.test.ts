import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { faults } from '../../src/job/faults.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort, ServerProcess } from '../support/process.ts'
import { ask, linesOf, submit, unready } from './support/ask.ts'
import { garble } from './support/garble.ts'

const { reason } = faults.corrupt

/** A job whose tasks fill pages of their own, and wait for an hour. */
const jobOf = (name: string, tasks: number) => ({
  name,
  tasks: Array.from({ length: tasks }, () => ({
    kind: 'http',
    method: 'POST',
    url: 'http://127.0.0.1:9/',
    text: 'x'.repeat(500),
    delayMs: 3_600_000,
  })),
})

interface TaskPage {
  at: number
  bytes: number
}

/** Where the pages are that hold tasks, of the first job first. */
const taskPages = (file: string): TaskPage[] => {
  using db = new Database(file, { readonly: true })
  return db
    .query<TaskPage, []>(
      "select pgoffset as at, pgsize as bytes from dbstat where name = 'sheaf_tasks' and pagetype = 'leaf' order by path",
    )
    .all()
}

const digestOf = (file: string): string =>
  [file, `${file}-wal`]
    .map((name) => (existsSync(name) ? createHash('sha256').update(readFileSync(name)).digest('hex') : '-'))
    .join(' ')

/** A database of two jobs, of which the pages of the first one's tasks are garbled while nobody has it open. */
const prepare = async (folder: { path: string; file(name: string): string }) => {
  const file = folder.file('sheaf.db')
  await using server = await new ServerProcess(folder.path, freePort()).ready()
  const { body: damaged } = await submit(server.url, jobOf('damaged', 200))
  const { body: whole } = await submit(server.url, jobOf('whole', 200))
  await server.kill('SIGTERM')
  for (const { at, bytes } of taskPages(file).slice(1, 10)) garble(file, at, bytes)
  return { file, damaged: String(damaged.id), whole: String(whole.id) }
}

const cases = [
  {
    met: 'by a commit',
    meet: (url: string, job: string) => ask(url, `/jobs/${job}/cancel`, { method: 'POST' }),
  },
  { met: 'by a read', meet: (url: string, job: string) => ask(url, `/jobs/${job}/tasks`) },
]

test.each(cases)(
  'a damaged page that is met $met stops all writing, and what is whole can be read',
  async ({ meet }) => {
    using folder = temporaryFolder()
    const { file, damaged, whole } = await prepare(folder)
    await using server = await new ServerProcess(folder.path, freePort()).ready()
    const { url } = server
    // Nobody has met it yet.
    expect((await submit(url, jobOf('before', 1))).status).toBe(202)

    let answer = await meet(url, damaged)
    // A commit may come upon it only in a later step.
    if (answer.status < 300) answer = await unready(url)
    expect(answer).toMatchObject({
      status: 503,
      body: { code: 'unavailable', reason: 'corrupt', detail: reason },
    })
    const before = digestOf(file)
    expect((await unready(url)).body).toMatchObject({ reason: 'corrupt', detail: reason })
    expect((await ask(url, '/livez')).status).toBe(200)
    expect((await submit(url, jobOf('after', 1))).status).toBe(503)
    expect((await ask(url, `/jobs/${whole}`)).body).toMatchObject({ name: 'whole' })
    expect((await ask(url, `/jobs/${whole}/tasks?limit=50`)).status).toBe(200)
    await Bun.sleep(1_200)
    // It is not tried again and again, and nothing is written over it.
    expect(digestOf(file)).toBe(before)
    const lines = linesOf(server.stderr.text, reason)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      level: 'error',
      code: 'corrupt',
      advice: expect.stringContaining('restore a backup'),
    })
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  },
  20_000,
)
