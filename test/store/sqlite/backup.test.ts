import { Database } from 'bun:sqlite'
import { afterAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type BackupOptions, backup } from '../../../src/store/sqlite/backup.ts'
import { migrations } from '../../../src/store/sqlite/migrations.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { StoreError } from '../../../src/store/store.ts'
import { Driver } from '../driver.ts'
import { tempDirs } from '../temp.ts'

const dirs = tempDirs()
afterAll(() => dirs.remove())
const newFile = (name = 'sheaf.db') => join(dirs.make(), name)

/** What a reader of the copy finds. */
const contentOf = async (file: string) => {
  const s = new Driver(openSqlite({ file }))
  const { data } = await s.store.jobs({ limit: 100 })
  const jobs = await Promise.all(data.map(async (job) => ({ job, tasks: await s.tasks(job) })))
  await s.store.close()
  return jobs
}

/** A database with a few jobs, closed. */
const makeDatabase = async (tasks = 3): Promise<string> => {
  const file = newFile()
  const s = new Driver(openSqlite({ file }))
  await s.submit({ name: 'ended', tasks })
  await s.runAll()
  await s.submit({ name: 'waits', tasks })
  await s.store.close()
  return file
}

const layoutOf = (file: string) => {
  using db = new Database(file, { readonly: true })
  return [
    ...['auto_vacuum', 'page_size'].map((name) => db.query(`pragma ${name}`).get()),
    db.query('select version from sheaf_schema').get(),
  ]
}

describe('a copy', () => {
  test('has what was committed so far, while the database is open and goes on', async () => {
    const [file, to] = [newFile(), newFile('copy.db')]
    const s = new Driver(openSqlite({ file }))
    const first = await s.submit({ tasks: 5 })
    await s.claim(2)
    const { bytes, ...found } = backup({ from: file, to })
    expect(found).toEqual({ version: migrations.length, jobs: 1, tasks: 5 })
    expect(statSync(to).size).toBe(bytes)
    const before = { job: await s.job(first), tasks: await s.tasks(first) }

    await s.submit({ tasks: 1 })
    expect(await contentOf(to)).toEqual([before])
    await s.store.close()
    expect(await contentOf(file)).toHaveLength(2)
  })

  test('is the same of a database that nobody has open', async () => {
    const [file, to] = [await makeDatabase(), newFile('copy.db')]
    expect(backup({ from: file, to })).toMatchObject({ jobs: 2, tasks: 6 })
    expect(await contentOf(to)).toEqual(await contentOf(file))
  })

  test('has what a server that was killed had committed', async () => {
    const [file, killed, to] = [newFile(), newFile(), newFile('copy.db')]
    const s = new Driver(openSqlite({ file }))
    await s.submit({ tasks: 4 })
    copyFileSync(file, killed)
    copyFileSync(`${file}-wal`, `${killed}-wal`)
    await s.store.close()
    expect(backup({ from: killed, to })).toMatchObject({ jobs: 1, tasks: 4 })
    expect(await contentOf(to)).toEqual(await contentOf(file))
  })

  test('is as of one moment, in one file, which whoever could read the database may read', async () => {
    const [file, to] = [await makeDatabase(), newFile('copy.db')]
    chmodSync(file, 0o640)
    backup({ from: file, to })
    expect(readdirSync(dirname(to))).toEqual([basename(to)])
    expect(layoutOf(to)).toEqual(layoutOf(file))
    expect(statSync(to).mode & 0o777).toBe(0o640)
  })

  test('numbers its next job as the database would have', async () => {
    const [file, to] = [newFile(), newFile('copy.db')]
    const s = new Driver(openSqlite({ file }))
    const gone = await s.submit({ tasks: 0 })
    await s.act('delete', gone)
    await s.sweep()
    backup({ from: file, to })
    await s.store.close()
    const copied = new Driver(openSqlite({ file: to }))
    expect((await copied.submit()).number).toBeGreaterThan(gone.number)
    await copied.store.close()
  })

  test('replaces another only if that is asked for', async () => {
    const [file, to] = [await makeDatabase(), newFile('copy.db')]
    writeFileSync(to, 'an older copy')
    expect(refusal({ from: file, to })).toBe(
      `${to} exists already. Name another file, or replace it with --force.`,
    )
    expect(readFileSync(to, 'utf8')).toBe('an older copy')
    backup({ from: file, to, replace: true })
    expect(await contentOf(to)).toEqual(await contentOf(file))
  })
})

/** The message of the StoreError; nothing is made or changed where the copy was to be. */
const refusal = (options: BackupOptions): string => {
  const look = () => readdirSync(dirname(options.to), { recursive: true }).toSorted()
  const before = look()
  try {
    backup(options)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    expect(error.message).not.toContain('\n')
    expect(look()).toEqual(before)
    return error.message
  }
  throw new Error(`Expected ${options.to} to be refused`)
}

describe('no copy is made, and one line says why', () => {
  test('of a database that is not there', () => {
    const from = newFile()
    expect(refusal({ from, to: newFile() })).toBe(`There is no database ${from}.`)
  })

  test('of what is no database, or none of Sheaf', () => {
    const from = newFile()
    writeFileSync(from, 'These are my notes.\n'.repeat(100))
    expect(refusal({ from, to: newFile() })).toContain('file is not a database')
    const other = newFile()
    using db = new Database(other)
    db.run('create table notes (title text)')
    expect(refusal({ from: other, to: newFile() })).toContain('not a database of Sheaf')
  })

  test('of a database that a newer Sheaf wrote', async () => {
    const from = await makeDatabase()
    using db = new Database(from)
    db.run('update sheaf_schema set version = 99')
    expect(refusal({ from, to: newFile() })).toContain('newer Sheaf (schema 99')
  })

  test('of a database in which a page is damaged', async () => {
    const from = await makeDatabase(2_000)
    const bytes = readFileSync(from)
    bytes.fill(0xff, bytes.length / 2 - 8_192, bytes.length / 2)
    writeFileSync(from, bytes)
    expect(refusal({ from, to: newFile() })).toMatch(/malformed|damaged/)
  })

  test('of a database whose index does not fit its table', async () => {
    const from = await makeDatabase()
    using db = new Database(from)
    const page = db.query("select rootpage from sqlite_schema where name = 'sheaf_jobs_by_id'").get()
    const { rootpage } = page as { rootpage: number }
    const { page_size: size } = db.query('pragma page_size').get() as { page_size: number }
    const bytes = readFileSync(from)
    const at = bytes.indexOf('01990000-', (rootpage - 1) * size)
    expect(at).toBeLessThan(rootpage * size)
    bytes.write('0199ffff-', at)
    writeFileSync(from, bytes)
    expect(refusal({ from, to: newFile() })).toMatch(
      /^The database is damaged, and no copy was made: .*sheaf_jobs_by_id/,
    )
  })

  test('in the place of the database itself, by any name', async () => {
    const from = await makeDatabase()
    const link = newFile('link.db')
    symlinkSync(from, link)
    for (const to of [from, link])
      expect(refusal({ from, to, replace: true })).toBe(`Cannot copy ${from} to itself. Name another file.`)
  })

  test.each(['-wal', '-journal'])('beside a file of another database that ends in %s', async (ending) => {
    const [from, to] = [await makeDatabase(), newFile('copy.db')]
    writeFileSync(to + ending, 'pages')
    expect(refusal({ from, to, replace: true })).toContain(`there is ${to}${ending}`)
  })

  test('in a folder that is not there, or in the place of one', async () => {
    const from = await makeDatabase()
    const folder = dirs.make()
    const missing = join(folder, 'none', 'copy.db')
    expect(() => backup({ from, to: missing })).toThrow(
      /^Cannot copy .+none\/copy\.db: ENOENT: no such file or directory/,
    )
    mkdirSync(join(folder, 'copy.db'))
    expect(refusal({ from, to: join(folder, 'copy.db'), replace: true })).toContain('it is not a file')
  })
})
