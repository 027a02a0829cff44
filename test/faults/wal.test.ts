import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { statSync } from 'node:fs'
import { Vitals } from '../../src/engine/health/vitals.ts'
import { beatMs, Watch } from '../../src/engine/health/watch.ts'
import { Inspector } from '../../src/store/sqlite/inspect.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { temporaryFolder } from '../support/folder.ts'

const longBytes = 1_000_000

/** A database that is watched, and grows by 100 kB at a time. */
const open = (file: string) => {
  const db = new Database(file, { create: true })
  db.run('pragma journal_mode = wal')
  db.run('pragma journal_size_limit = 16384')
  db.run('create table t (x)')
  const inspector = new Inspector(db, file, longBytes)
  const clock = fakeClock()
  const logs: [level: string, message: string, fields: unknown][] = []
  const vitals = new Vitals({ clock, log: (level, message, fields) => logs.push([level, message, fields]) })
  const watch = new Watch({ clock, vitals, store: { inspect: async (mayWrite) => inspector.look(mayWrite) } })
  return { db, vitals, watch, clock, logs, grow: () => db.run('insert into t values (zeroblob(100000))') }
}

test('a log that a long reader holds is told of once, with its size, and cut short when the reader is gone', async () => {
  using folder = temporaryFolder()
  const file = folder.file('sheaf.db')
  const { db, vitals, watch, clock, logs, grow } = open(file)
  grow()
  const reader = new Database(file, { readonly: true })
  reader.run('begin')
  reader.query('select count(*) from t').get()
  for (let times = 0; times < 30; times += 1) grow()
  watch.start()
  await clock.advance(10 * beatMs)
  expect(vitals.health()).toMatchObject({ ok: true, warnings: [{ code: 'wal_growing' }] })
  expect(logs).toEqual([
    [
      'warn',
      expect.stringContaining('The log of the database grows'),
      expect.objectContaining({ code: 'wal_growing', bytes: statSync(`${file}-wal`).size }),
    ],
  ])

  reader.close(true)
  await clock.advance(beatMs)
  expect(vitals.health()).toEqual({ ok: true })
  expect(statSync(`${file}-wal`).size).toBe(0)
  expect(logs.length).toBe(2)
  await watch.stop()
  expect(clock.pending).toBe(0)
  db.close(true)
})

test('a log that is long because of one large commit is folded in, and nobody is told', async () => {
  using folder = temporaryFolder()
  const file = folder.file('sheaf.db')
  const { db, vitals, watch, clock, logs } = open(file)
  db.run('insert into t values (zeroblob(3000000))')
  watch.start()
  await clock.advance(beatMs)
  expect(vitals.health()).toEqual({ ok: true })
  expect(statSync(`${file}-wal`).size).toBe(0)
  expect(logs).toEqual([])
  await watch.stop()
  db.close(true)
})
