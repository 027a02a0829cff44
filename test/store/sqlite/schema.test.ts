import { Database } from 'bun:sqlite'
import { afterAll, expect, test } from 'bun:test'
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { migrate, migrations } from '../../../src/store/sqlite/migrations.ts'
import { tempDirs } from '../temp.ts'

const dirs = tempDirs()
afterAll(() => dirs.remove())

const root = resolve(import.meta.dir, '../../..')
const folder = join(root, 'src/store/sqlite/migrations')

interface Journal {
  entries: { idx: number; tag: string }[]
}

test('what is found by a key of its own has no row id beside it', () => {
  const db = new Database(':memory:')
  migrate(db)
  const tables = db
    .query<{ name: string; wr: number }, []>(
      "select substr(name, 7) as name, wr from pragma_table_list where name like 'sheaf_%'",
    )
    .all()
  expect(
    tables
      .filter(({ wr }) => wr === 1)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual([
    'edges',
    'failures',
    'keys',
    'labels',
    'lanes',
    'limits',
    'owners',
    'queue_states',
    'schedules',
    'starts',
  ])
  expect(
    tables
      .filter(({ wr }) => wr === 0)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['jobs', 'outbox', 'purges', 'queues', 'schema', 'tasks'])
  db.close(true)
})

test('the migrations lead to the schema: drizzle-kit finds nothing to add', async () => {
  const cwd = dirs.make()
  cpSync(folder, join(cwd, 'migrations'), { recursive: true })
  const kit = join(root, 'node_modules/drizzle-kit/bin.cjs')
  const schema = join(root, 'src/store/sqlite/schema.ts')
  const { exited, stdout } = Bun.spawn(
    [process.execPath, kit, 'generate', '--dialect', 'sqlite', '--schema', schema, '--out', 'migrations'],
    { cwd, stdout: 'pipe', stderr: 'inherit', stdin: 'ignore' },
  )
  expect(await new Response(stdout).text()).toContain('No schema changes')
  expect(await exited).toBe(0)
  expect(readdirSync(join(cwd, 'migrations'), { recursive: true }).toSorted()).toEqual(
    readdirSync(folder, { recursive: true }).toSorted(),
  )
}, 30_000)

test('every migration is embedded, in order', () => {
  const journal = JSON.parse(readFileSync(join(folder, 'meta/_journal.json'), 'utf8')) as Journal
  const tags = journal.entries.toSorted((a, b) => a.idx - b.idx).map(({ tag }) => tag)
  expect(migrations).toEqual(tags.map((tag) => readFileSync(join(folder, `${tag}.sql`), 'utf8')))
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'))
  expect(files.toSorted()).toEqual(tags.map((tag) => `${tag}.sql`).toSorted())
})

test('a database says how many migrations it has seen, and sees none twice', () => {
  const db = new Database(':memory:')
  migrate(db)
  migrate(db)
  expect(db.query('select version from sheaf_schema').all()).toEqual([{ version: migrations.length }])
  db.close(true)
})
