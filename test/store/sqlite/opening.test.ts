import { Database } from 'bun:sqlite'
import { afterAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { openSqlite, type SqliteOptions } from '../../../src/store/sqlite/open.ts'
import { SqliteStore } from '../../../src/store/sqlite/store.ts'
import { type Store, StoreError } from '../../../src/store/store.ts'
import { Driver, one, succeeded } from '../driver.ts'
import { tempDirs } from '../temp.ts'

const dirs = tempDirs()
afterAll(() => dirs.remove())
const newFile = () => join(dirs.make(), 'sheaf.db')

const pragma = (store: Store, name: string): unknown => {
  if (!(store instanceof SqliteStore)) throw new Error('Expected a store on SQLite')
  return Object.values(store.db.query(`pragma ${name}`).get() as object)[0]
}

/** The message of the StoreError that opening throws. */
const refusal = (options: SqliteOptions): string => {
  try {
    void openSqlite(options).close()
  } catch (error) {
    if (error instanceof StoreError) return error.message
    throw error
  }
  throw new Error(`Expected ${options.file} to be refused`)
}

describe('durability', () => {
  test.each([
    ['by default', 2, {}],
    ['full', 2, { durability: 'full' }],
    ['normal', 1, { durability: 'normal' }],
  ] as const)('%s is a write-ahead log with synchronous = %d', async (_, synchronous, durability) => {
    const store = openSqlite({ file: newFile(), ...durability })
    expect(pragma(store, 'journal_mode')).toBe('wal')
    expect(pragma(store, 'synchronous')).toBe(synchronous)
    await store.close()
  })

  test('a new file is there in one transaction, and then keeps a log', async () => {
    const file = newFile()
    const store = openSqlite({ file })
    // The counter of changes, which a transaction in the log leaves alone: https://sqlite.org/fileformat2.html, 1.3.8.
    expect(readFileSync(file).readUInt32BE(24)).toBe(2)
    expect(pragma(store, 'auto_vacuum')).toBe(2)
    expect(pragma(store, 'page_size')).toBe(8_192)
    await store.close()
  })

  test('a store in memory is one of its own', async () => {
    const [a, b] = [openSqlite({ file: ':memory:' }), openSqlite({ file: ':memory:' })]
    await new Driver(a).submit()
    expect((await b.jobs({ limit: 1 })).data).toEqual([])
    await a.close()
    await b.close()
  })
})

describe('what cannot be opened says so in one line', () => {
  const expectLine = (message: string, ...parts: string[]) => {
    for (const part of parts) expect(message).toContain(part)
    expect(message).not.toContain('\n')
  }

  test('a database that a newer version wrote, which is left untouched', async () => {
    const file = newFile()
    await openSqlite({ file }).close()
    const db = new Database(file)
    db.run('pragma journal_mode = delete')
    db.run('update sheaf_schema set version = 99')
    db.close(true)
    const before = readFileSync(file)
    expectLine(refusal({ file }), file, 'newer Sheaf', '99')
    expect(readFileSync(file).equals(before)).toBe(true)
    expect(existsSync(`${file}-wal`)).toBe(false)
  })

  test('a file that is not a database, which is left untouched', () => {
    const file = newFile()
    const text = 'These are my notes.\n'.repeat(100)
    writeFileSync(file, text)
    expectLine(refusal({ file }), file, 'not a database')
    expect(readFileSync(file, 'utf8')).toBe(text)
  })

  test('a database of someone else, which is left untouched', () => {
    const file = newFile()
    const db = new Database(file)
    db.run('create table notes (title text)')
    db.close(true)
    const before = readFileSync(file)
    expectLine(refusal({ file }), file, 'not a database of Sheaf')
    expect(readFileSync(file).equals(before)).toBe(true)
  })

  test('a directory', () => {
    const dir = dirs.make()
    const file = join(dir, 'sheaf.db')
    mkdirSync(file)
    expectLine(refusal({ file }), file, 'not a file')
    expect(readdirSync(dir)).toEqual(['sheaf.db'])
  })

  test('a file in a directory that does not exist', () => {
    const file = join(dirs.make(), 'none', 'sheaf.db')
    expectLine(refusal({ file }), file, 'no such file or directory')
  })

  test('a file in a directory that may not be written', () => {
    const dir = dirs.make()
    const [fresh, old] = [join(dir, 'fresh.db'), join(dir, 'old.db')]
    writeFileSync(old, '')
    chmodSync(dir, 0o555)
    asNobody(() => {
      expectLine(refusal({ file: fresh }), fresh, 'permission denied')
      expectLine(refusal({ file: old }), old)
    })
    expect(readdirSync(dir)).toEqual(['old.db'])
  })

  test('what was refused can be opened once its fault is gone', async () => {
    const file = newFile()
    writeFileSync(file, 'not a database'.repeat(100))
    refusal({ file })
    writeFileSync(file, '')
    await openSqlite({ file }).close()
  })
})

describe('reopening', () => {
  test('everything is there again', async () => {
    const file = newFile()
    const first = new Driver(openSqlite({ file }))
    const job = await first.submit({
      name: 'enrich',
      labels: { team: 'growth' },
      mode: 'all',
      tolerate: '10%',
      tasks: [{ key: 'a', options: '{"timeoutMs":1}' }, {}, { queue: 'http:a.test' }],
      timeoutMs: 10_000,
      idempotency: { key: 'k', digest: 'd' },
    })
    const [claim] = await first.claim(2)
    if (claim) await first.settle(claim, succeeded)
    const look = async (s: Driver) => ({
      job: await s.job(job),
      tasks: await s.tasks(job),
      log: await s.log(job),
      found: await s.store.jobs({ label: ['team', 'growth'], limit: 10 }),
      wakeAt: (await s.commit()).wakeAt,
    })
    const before = await look(first)
    await first.store.close()

    const second = new Driver(openSqlite({ file }))
    expect(await look(second)).toEqual(before)
    await second.store.close()
  })

  test('once closed, the file alone holds everything, and nothing of it stays open', async () => {
    const file = newFile()
    const s = new Driver(openSqlite({ file }))
    const job = await s.submit({ tasks: 100 })
    await s.store.close()
    await s.store.close()
    expect(existsSync(`${file}-wal`)).toBe(false)

    const copy = newFile()
    copyFileSync(file, copy)
    const other = new Driver(openSqlite({ file: copy }))
    expect(await other.tasks(job)).toHaveLength(100)
    await other.store.close()
  })

  test.each(['waits', 'runs'])(
    'the turns go on where they were: a job that had many, and %s, is not behind a new one',
    async (what) => {
      const file = newFile()
      const first = new Driver(openSqlite({ file, durability: 'normal' }))
      const old = await first.submit({ tasks: 4_000, concurrency: 300 })
      for (let round = 0; round < 10; round += 1) {
        const settlements = (await first.claim()).map((claim) => ({ claim, result: succeeded }))
        await first.commit({ settlements })
      }
      if (what === 'runs') await first.claim()
      await first.store.close()

      const second = new Driver(openSqlite({ file }))
      await second.store.rescue(second.now, 3)
      const late = await second.submit({ tasks: 500 })
      const claimed: string[] = []
      for (let round = 0; round < 20; round += 1)
        claimed.push(...(await second.claim(8)).map(({ jobId }) => jobId))
      for (const { id } of [old, late])
        expect(claimed.filter((jobId) => jobId === id).length).toBeGreaterThan(60)
      await second.store.close()
    },
  )

  test('a job’s number is never used again, so a late settlement meets no other job', async () => {
    const file = newFile()
    const first = new Driver(openSqlite({ file }))
    const job = await first.submit({ tasks: 0 })
    await first.act('delete', job)
    await first.sweep()
    await first.store.close()
    const second = new Driver(openSqlite({ file }))
    expect((await second.submit()).number).toBeGreaterThan(job.number)
    expect(one(await second.claim()).job).toBeGreaterThan(job.number)
    await second.store.close()
  })
})

/** Root may write anywhere, so a test of what may not be written has to be someone else for a moment. */
const asNobody = (action: () => void): void => {
  if (process.getuid?.() !== 0) {
    action()
    return
  }
  process.seteuid?.(65_534)
  try {
    action()
  } finally {
    process.seteuid?.(0)
  }
}
