import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { endedFile } from './ended.ts'

test('a file of ended tasks is one that Sheaf could have written, and goes on with', async () => {
  const { database, remove } = await endedFile(30_000)
  const db = new Database(database)
  expect(db.query('pragma integrity_check').values()).toEqual([['ok']])
  expect(db.query('pragma auto_vacuum').values()).toEqual([[2]])
  db.close(true)

  const store = openSqlite({ file: database })
  const { data } = await store.jobs({ limit: 10 })
  expect(data.map(({ number, counts }) => [number, counts.succeeded])).toEqual([
    [3, 10_000],
    [2, 10_000],
    [1, 10_000],
  ])
  expect(new Set(data.map(({ id }) => id)).size).toBe(3)
  const [copy, , own] = await Promise.all(data.map(({ id }) => store.changes(id, 0, 20_000)))
  expect(copy?.tasks).toHaveLength(10_000)
  expect(copy?.tasks).toEqual(own?.tasks ?? [])
  await store.close()
  await remove()
})
