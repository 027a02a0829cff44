import { Database } from 'bun:sqlite'
import { afterAll, afterEach, expect, test } from 'bun:test'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { StoreError } from '../../../src/store/store.ts'
import { Driver } from '../driver.ts'
import { tempDirs } from '../temp.ts'

const dirs = tempDirs()
const children: Bun.Subprocess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL')
    await child.exited
  }
})
afterAll(() => dirs.remove())

const newFile = () => join(dirs.make(), 'sheaf.db')
const inUse = /^Sheaf has .+ open already, in this process or another\. One process a file: [^\n]+$/

const expectRefused = (file: string) => {
  let refused: unknown
  try {
    void openSqlite({ file }).close()
  } catch (error) {
    refused = error
  }
  if (!(refused instanceof StoreError)) throw new Error(`Expected ${file} to be refused, got ${refused}`)
  expect(refused.message).toMatch(inUse)
}

/** Another process that tries to hold the file, and the line in which it says how that went. */
const spawnHolder = async (file: string) => {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'holder.ts'), file], {
    stdout: 'pipe',
    stderr: 'inherit',
    stdin: 'ignore',
  })
  children.push(child)
  let said = ''
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += chunk
    if (said.includes('\n')) break
  }
  return { child, said: said.trim() }
}

test('a file that is open is refused in the same process, and opens once it is closed', async () => {
  const file = newFile()
  const first = openSqlite({ file })
  expectRefused(file)
  expectRefused(file)
  await first.close()
  await openSqlite({ file }).close()
})

test('a file is the same under every name', async () => {
  const file = newFile()
  const dir = dirs.make()
  const link = join(dir, 'link.db')
  symlinkSync(file, link)
  // Opened by a link to what does not exist yet.
  const first = openSqlite({ file: link })
  expectRefused(file)
  expectRefused(relative(process.cwd(), file))
  mkdirSync(join(dir, 'deep'))
  symlinkSync(link, join(dir, 'deep', 'again.db'))
  expectRefused(join(dir, 'deep', 'again.db'))
  await first.close()
})

test('another process is refused while this one holds the file', async () => {
  const file = newFile()
  const first = openSqlite({ file })
  const { child, said } = await spawnHolder(file)
  expect(said.replace('refused: ', '')).toMatch(inUse)
  expect(await child.exited).toBe(0)
  await first.close()
})

test('a process that is killed lets go of the file, and what it committed is there', async () => {
  const file = newFile()
  const { child, said } = await spawnHolder(file)
  const id = said.replace('holds ', '')
  expectRefused(file)
  child.kill('SIGKILL')
  await child.exited

  const s = new Driver(openSqlite({ file }))
  expect((await s.job({ id })).counts).toMatchObject({ total: 3, running: 2, queued: 1 })
  expect(await s.store.rescue(s.now, 3)).toBe(2)
  expect(await s.claim()).toHaveLength(3)
  await s.store.close()
})

test('others may read the file meanwhile, and see what was committed', async () => {
  const file = newFile()
  const s = new Driver(openSqlite({ file }))
  await s.submit()
  const reader = new Database(file, { readonly: true })
  expect(reader.query('select count(*) as jobs from sheaf_jobs').get()).toEqual({ jobs: 1 })
  await s.submit()
  expect(reader.query('select count(*) as jobs from sheaf_jobs').get()).toEqual({ jobs: 2 })
  reader.close(true)
  await s.store.close()
})

test('a lock file that cannot be one is reported as what it is', () => {
  const file = newFile()
  writeFileSync(`${file}.lock`, 'not a database'.repeat(100))
  expect(() => openSqlite({ file })).toThrow(
    /^Cannot open .+\.lock: file is not a database\. Sheaf keeps nothing in it: remove it\.$/,
  )
})
