import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { temporaryFolder } from '../../support/folder.ts'
import { type Postgres, startPostgres } from '../../support/postgres.ts'
import { ChildProcess } from '../../support/process.ts'
import { childrenOf, ticksOf, until } from './processes.ts'

const asker = join(import.meta.dir, 'asker.ts')
const endless =
  'with recursive n(x) as (select 1 union all select x + 1 from n where x < 1e12) select count(*) as n from n'

const folder = temporaryFolder()
const file = folder.file('app.db')
beforeAll(() => new DatabaseSync(file).close())
afterAll(() => folder[Symbol.dispose]())

describe('a server that is killed', () => {
  let postgres: Postgres
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres[Symbol.asyncDispose]())

  test('leaves no SQLite query behind', async () => {
    await using server = new ChildProcess(
      [process.execPath, asker, `read=sqlite:${file}`, 'select 1 as one', endless],
      folder.path,
    )
    expect(await server.stdout.line(/./)).toBe('[{"one":1}]')
    const [child = 0] = childrenOf(server.pid)
    const start = ticksOf(child) ?? 0
    await until(() => (ticksOf(child) ?? 0) > start + 5)
    await server.kill('SIGKILL')
    await until(() => ticksOf(child) === undefined)
  })

  test('leaves no PostgreSQL query behind', async () => {
    const running = async () => {
      const rows = await postgres.admin`
        select 1 from pg_stat_activity where query like 'fetch%' and state = 'active'`
      return rows.length > 0
    }
    const forever = 'select count(*) from generate_series(1, 1000000) a, generate_series(1, 1000000) b'
    await using server = new ChildProcess(
      [process.execPath, asker, `read=${postgres.url}`, 'select 1 as one', forever],
      folder.path,
    )
    await until(running)
    await server.kill('SIGKILL')
    await until(async () => !(await running()))
  })
})

test('a compiled executable asks SQLite, without being told of another file', async () => {
  const executable = folder.file('asker')
  const { scripts } = await Bun.file(join(import.meta.dir, '../../../package.json')).json()
  const flags = String(scripts.build).match(/--(?!outfile)[\w-]+(=\w+)?/g) ?? []
  expect(flags).toContain('--compile')
  await using build = new ChildProcess(
    [process.execPath, 'build', ...flags, asker, '--outfile', executable],
    import.meta.dir,
  )
  expect({ ...(await build.ended), stderr: build.stderr.text }).toMatchObject({ code: 0 })
  await using program = new ChildProcess([executable, `read=sqlite:${file}`, 'select 1 as one'], folder.path)
  expect(await program.ended).toEqual({ code: 0, signal: null })
  expect(program.stdout.text).toBe('[{"one":1}]\n')
})
