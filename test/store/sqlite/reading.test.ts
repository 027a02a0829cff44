import { Database } from 'bun:sqlite'
import { afterAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { Reading } from '../../../src/store/sqlite/reading.ts'
import { tempDirs } from '../temp.ts'

const dirs = tempDirs()
afterAll(() => dirs.remove())

const open = () => {
  const file = join(dirs.make(), 'x.db')
  const own = new Database(file)
  own.run('pragma journal_mode = wal')
  own.run('create table t (n integer)')
  const count = own.query<{ n: number }, []>('select count(*) as n from t')
  const other = new Database(file)
  return {
    reading: new Reading(own),
    own,
    count: () => count.get()?.n,
    write: () => other.run('insert into t values (1)'),
    [Symbol.dispose]: () => {
      own.close()
      other.close()
    },
  }
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('the reads of a turn', () => {
  test('are of one moment', async () => {
    using place = open()
    place.reading.start()
    expect(place.count()).toBe(0)
    place.write()
    place.reading.start()
    expect(place.count()).toBe(0)
    await turn()
    place.reading.start()
    expect(place.count()).toBe(1)
    place.reading.end()
  })

  test('hold nothing once the turn is over', async () => {
    using place = open()
    place.reading.start()
    expect(place.own.inTransaction).toBe(true)
    await turn()
    expect(place.own.inTransaction).toBe(false)
  })

  test('are over when something is to be written', () => {
    using place = open()
    place.reading.start()
    place.reading.end()
    place.reading.end()
    place.own.transaction(() => place.own.run('insert into t values (1)'))()
    expect(place.count()).toBe(1)
  })
})
