import { Database } from 'bun:sqlite'
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../src/clock.ts'
import { migrate, migrations } from '../../../src/store/sqlite/migrations.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { StoreError } from '../../../src/store/store.ts'
import { readJobs, readResults, submit } from '../../crash/rest.ts'
import { ChildProcess } from '../../support/process.ts'
import { startServer } from '../../support/server.ts'
import { Driver } from '../driver.ts'
import { tempDirs } from '../temp.ts'
import { load, schemaOf } from './versions/load.ts'
import { failing, next } from './versions/next.ts'
import { env, handlers, hook, idempotencyKey, jobs, type Name, released, standing } from './versions/story.ts'

setDefaultTimeout(20_000)

const dirs = tempDirs()
afterAll(() => dirs.remove())
const newFile = () => join(dirs.make(), 'sheaf.db')
const names = Object.keys(jobs) as Name[]
const latest = migrations.length

/** What each of the jobs comes to in the end. */
const outcomes: Record<Name, unknown[]> = {
  ended: [
    { index: 0, key: 'first', state: 'succeeded', attempt: 1, output: { n: 1 } },
    { index: 1, state: 'failed', attempt: 2, error: { code: 'handler_failed', message: 'It is broken' } },
  ],
  running: [{ output: 1, attempt: 2 }, { output: 2, attempt: 2 }, { output: 3 }, { output: 1 }],
  each: [{ key: 'of-x', output: 'x-0' }, { output: 'y-1' }, { output: 'z-2' }],
  paused: [{ output: 1 }],
  told: [{ output: 1 }],
  narrow: [{ output: 1 }, { output: 2 }],
}

const one = async (url: string, name: string) => {
  const [job, ...more] = await readJobs(url, name)
  if (job === undefined || more.length > 0) throw new Error(`Expected one job of the name ${name}`)
  return job
}

const send = async (url: string, method: string, body = {}) => {
  const headers = { 'content-type': 'application/json' }
  expect((await fetch(url, { method, headers, body: JSON.stringify(body) })).status).toBe(200)
}

test('there is a database of every released schema, and of the present one', () => {
  const files = readdirSync(join(import.meta.dir, 'versions')).filter((name) => name.endsWith('.sql'))
  expect(files.toSorted()).toEqual(released.map((version) => `v${version}.sql`).toSorted())
  expect(released).toContain(latest)
})

describe.each([...released])('a database of schema %d', (version) => {
  test('is that schema, and comes to the present one', async () => {
    const [file, old, fresh] = [newFile(), newFile(), newFile()]
    await load(version, file)
    using db = new Database(file)
    using before = new Database(old, { create: true })
    migrate(before, { known: migrations.slice(0, version) })
    // When this fails for a schema that no release has written: bun test/store/sqlite/versions/make.ts
    expect(schemaOf(db)).toEqual(schemaOf(before))
    using after = new Database(fresh, { create: true })
    migrate(after)
    migrate(db)
    expect(schemaOf(db)).toEqual(schemaOf(after))
    expect(db.query('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' })
  })

  test('is opened two hours later, and everything in it goes on to its end', async () => {
    const file = newFile()
    const later = (await load(version, file)) + 2 * 3_600_000 - systemClock.now()
    const clock = { ...systemClock, now: () => systemClock.now() + later }
    await using server = await startServer({ env: { ...env, SHEAF_DATABASE: file }, handlers, clock })
    const { url } = server

    for (const name of ['ended', 'paused', 'narrow'] as const)
      expect(await one(url, name)).toMatchObject({ name, ...standing[name] })
    for (const name of names)
      expect(await submit(url, idempotencyKey(name), { name, ...jobs[name] })).toEqual({
        id: (await one(url, name)).id,
        replayed: true,
      })
    await send(`${url}/jobs/${(await one(url, 'paused')).id}/resume`, 'POST')
    await send(`${url}/queues/narrow`, 'PUT', { paused: false })
    for (const name of names)
      expect(await readResults(url, (await one(url, name)).id)).toMatchObject(outcomes[name])
    expect(await readResults(url, (await one(url, 'hourly')).id)).toMatchObject([{ output: 7 }])
    expect((await (await fetch(`${url}/jobs?label=team:growth`)).json()).data).toHaveLength(1)
    const { data: endpoints } = await (await fetch(`${url}/webhooks`)).json()
    expect(endpoints).toMatchObject([{ url: hook, counts: { pending: 1 } }])
  })
})

/** The present version is the old one now: it has to open the file, with all that was in it, and can work with it. */
const expectUsable = async (file: string) => {
  const s = new Driver(openSqlite({ file }))
  s.now = Date.now()
  expect(await s.store.rescue(s.now, 3)).toBe(2)
  const { data } = await s.store.jobs({ limit: 100 })
  expect(data.map(({ name }) => name).toReversed()).toEqual(names)
  expect((await s.store.jobs({ label: ['team', 'growth'], limit: 10 })).data).toHaveLength(1)
  await s.runAll()
  expect((await s.submit({ tasks: 1 })).counts.total).toBe(1)
  await s.store.close()
}

const versionOf = (db: Database) => db.query('select version from sheaf_schema').get()

describe('the next version', () => {
  test('takes on what is there, after which the version before refuses the file, and leaves it alone', async () => {
    const file = newFile()
    await load(latest, file)
    using db = new Database(file)
    migrate(db, { known: [...migrations, next, 'CREATE TABLE more (x)'] })
    expect(versionOf(db)).toEqual({ version: latest + 2 })
    expect(db.query("select note from sheaf_jobs where name = 'each'").get()).toEqual({ note: 'of each' })
    migrate(db, { known: [...migrations, next, 'CREATE TABLE more (x)'] })
    expect(() => openSqlite({ file })).toThrow(
      new StoreError(
        `${file} was written by a newer Sheaf (schema ${latest + 2}; this one knows up to ${latest}). Use that version, or another file.`,
      ),
    )
    expect(versionOf(db)).toEqual({ version: latest + 2 })
  })

  test('that fails at its second migration leaves all as it was, and says so in one line', async () => {
    const file = newFile()
    await load(latest, file)
    {
      using db = new Database(file)
      const before = schemaOf(db)
      expect(() => migrate(db, { known: [...migrations, 'CREATE TABLE more (x)', failing] })).toThrow(
        new StoreError(
          `Cannot bring ${file} from schema ${latest} to ${latest + 2}: UNIQUE constraint failed: sheaf_jobs.mode. It is as it was: the Sheaf that wrote it can go on with it.`,
        ),
      )
      expect(schemaOf(db)).toEqual(before)
      expect(versionOf(db)).toEqual({ version: latest })
    }
    await expectUsable(file)
  })

  test.each(['wal', 'delete'])(
    'that is killed in the middle of its second migration leaves a file that the version before goes on with: %s',
    async (mode) => {
      const file = newFile()
      await load(latest, file)
      {
        using db = new Database(file)
        db.run(`pragma journal_mode = ${mode}`)
      }
      const child = new ChildProcess(
        [process.execPath, join(import.meta.dir, 'migrating.ts'), file],
        import.meta.dir,
      )
      // By then it has written more to disk than it keeps in memory.
      const growing = mode === 'wal' ? `${file}-wal` : file
      while ((statSync(growing, { throwIfNoEntry: false })?.size ?? 0) < 8_000_000) {
        if (!child.running) throw new Error(child.stderr.text)
        await Bun.sleep(5)
      }
      expect(await child.kill('SIGKILL')).toEqual({ code: null, signal: 'SIGKILL' })
      await expectUsable(file)

      using db = new Database(file)
      migrate(db, { known: [...migrations, next] })
      expect(versionOf(db)).toEqual({ version: latest + 1 })
      expect(db.query('pragma integrity_check').get()).toEqual({ integrity_check: 'ok' })
    },
  )
})
