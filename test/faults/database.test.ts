import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { Type } from '@sinclair/typebox'
import { faults } from '../../src/job/faults.ts'
import { defineHandler } from '../../src/kinds/handler.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { SqliteStore } from '../../src/store/sqlite/store.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort, ServerProcess } from '../support/process.ts'
import { startServer } from '../support/server.ts'
import { ask, ready, submit, unready, until } from './support/ask.ts'
import { garble } from './support/garble.ts'

const sleepy = { tasks: [{ kind: 'sleep', ms: 3_600_000 }] }
const large = {
  tasks: Array.from({ length: 200 }, () => ({ kind: 'call', handler: 'echo', input: 'x'.repeat(500) })),
  delayMs: 3_600_000,
}

/** A server of which the test holds the connection to the database, and the end of its one task. */
const startOn = async () => {
  let db: Database | undefined
  const gate = Promise.withResolvers<void>()
  const hold = defineHandler({ name: 'hold', input: Type.Null(), run: () => gate.promise })
  const echo = defineHandler({ name: 'echo', input: Type.String(), run: (text) => text })
  const server = await startServer({
    handlers: [hold, echo],
    env: { SHEAF_LOG: 'silent' },
    openStore: ({ database }) => {
      const store = openSqlite({ file: database })
      if (store instanceof SqliteStore) db = store.db
      return store
    },
  })
  if (db === undefined) throw new Error('The server did not open the store')
  return { server, db, end: gate.resolve }
}

const pageCount = (db: Database): number =>
  Number(Object.values(Object(db.query('pragma page_count').get()))[0])

interface Fault {
  code: keyof typeof faults
  /** Makes it happen; returns what ends it. */
  cause(on: { db: Database; file: string }): () => void
}

const causes: Fault[] = [
  {
    code: 'disk_full',
    cause: ({ db }) => {
      // The most that SQLite lets a file grow to, which it reports as it does ENOSPC.
      db.run(`pragma max_page_count = ${pageCount(db)}`)
      return () => db.run('pragma max_page_count = 1073741823')
    },
  },
  {
    code: 'read_only',
    cause: ({ db }) => {
      // chmod does not bind root, who runs the tests on many machines; to SQLite it is the same.
      db.run('pragma query_only = 1')
      return () => db.run('pragma query_only = 0')
    },
  },
  {
    code: 'locked',
    cause: ({ file }) => {
      const other = new Database(file)
      other.run('begin immediate')
      return () => other.close(true)
    },
  },
  {
    code: 'replaced',
    cause: ({ file }) => {
      renameSync(file, `${file}.moved`)
      return () => renameSync(`${file}.moved`, file)
    },
  },
]

describe.each(causes)('a database that is $code', ({ code, cause }) => {
  test('refuses jobs and says why, goes on to run and to read, and needs no restart', async () => {
    const { server, db, end } = await startOn()
    await using _ = server
    const { body: job } = await submit(server.url, { tasks: [{ kind: 'call', handler: 'hold' }] })
    await until(server.url, `/jobs/${job.id}`, ({ body }) => Object(body.counts).running === 1)
    const cure = cause({ db, file: server.database })
    const { reason } = faults[code]
    try {
      if (code === 'replaced') await unready(server.url)
      const refused = await submit(server.url, large)
      expect(refused).toMatchObject({
        status: 503,
        body: { code: 'unavailable', reason: code, detail: reason },
      })
      expect(refused.headers.get('retry-after')).toBe('1')
      expect((await unready(server.url)).body).toMatchObject({ reason: code, detail: reason })
      expect((await ask(server.url, '/livez')).status).toBe(200)
      expect((await ask(server.url, `/jobs/${job.id}`)).status).toBe(200)
      if (code !== 'disk_full') {
        end()
        await Bun.sleep(20)
        expect((await ask(server.url, `/jobs/${job.id}`)).body.state).toBe('running')
      }
    } finally {
      cure()
    }
    end()
    await until(server.url, `/jobs/${job.id}`, ({ body: { state } }) => state === 'succeeded')
    await ready(server.url)
    expect((await submit(server.url, sleepy)).status).toBe(202)
  })
})

describe('a server whose database cannot be used', () => {
  /** The one line that it says, and how it ends. */
  const endOf = async (prepare: (file: string) => void) => {
    using folder = temporaryFolder()
    prepare(folder.file('sheaf.db'))
    await using server = new ServerProcess(folder.path, freePort())
    const { code } = await server.ended
    return { code, lines: server.stderr.lines.map((line) => line.replaceAll(folder.path, '')) }
  }

  test.each<[what: string, prepare: (file: string) => void, line: RegExp]>([
    [
      'no database',
      (file) => writeFileSync(file, 'hello, '.repeat(1_000)),
      /^Cannot open \/sheaf\.db: SQLITE_NOTADB: file is not a database\. It is damaged, or no SQLite database\. Keep it, and restore a backup/,
    ],
    [
      'damaged in its first page',
      (file) => {
        const db = new Database(file, { create: true })
        db.run('create table t (x)')
        db.close(true)
        garble(file, 96, 4_000)
      },
      /^Cannot open \/sheaf\.db: SQLITE_CORRUPT: .* It is damaged/,
    ],
    ['a folder', (file) => mkdirSync(file), /^Cannot open \/sheaf\.db: it is not a file\.$/],
    [
      // As is a file on a disk that is mounted read-only, for root too.
      'read-only',
      (file) => symlinkSync('/proc/version', file),
      /^Cannot open \/sheaf\.db: /,
    ],
    [
      'in a folder that is not there',
      (file) => symlinkSync('/nowhere/sheaf.db', file),
      /^Cannot open \/sheaf\.db: .*See that its folder is there/,
    ],
  ])('because it is %s says so in one line, and exits with 1', async (_, prepare, line) => {
    const { code, lines } = await endOf(prepare)
    expect(lines).toEqual([expect.stringMatching(line)])
    expect(code).toBe(1)
  })
})
