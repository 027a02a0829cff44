import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import manifest from '../../package.json'
import { help } from '../../src/cli/help.ts'
import { migrations } from '../../src/store/sqlite/migrations.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { Started } from '../kinds/email/server.ts'
import { Driver } from '../store/driver.ts'
import { temporaryFolder } from '../support/folder.ts'
import { ChildProcess, freePort } from '../support/process.ts'
import { runSheaf, startSheaf } from './sheaf.ts'

/** A process starts in a quarter of a second, and on a machine that is busy in several. */
setDefaultTimeout(20_000)

const started = new Started()
afterEach(() => started.stop())
const root = join(import.meta.dir, '../..')
const built = temporaryFolder()
afterAll(() => built[Symbol.dispose]())

/** What `bun run build` makes, elsewhere. */
beforeAll(async () => {
  const [, ...words] = manifest.scripts.build.split(' ')
  const command = [process.execPath, ...words.slice(0, -1), built.file('sheaf')]
  const build = Bun.spawn(command, { cwd: root, stdin: 'ignore', stdout: 'ignore', stderr: 'inherit' })
  expect(await build.exited).toBe(0)
})

const programs = () => ({
  'in TypeScript': [process.execPath, join(root, manifest.bin.sheaf)],
  compiled: [built.file('sheaf')],
})

/** A database of one job with two tasks, in a folder that is the command's own. */
const withDatabase = async (name = 'sheaf.db') => {
  const folder = temporaryFolder()
  const s = new Driver(openSqlite({ file: folder.file(name) }))
  await s.submit({ tasks: 2 })
  await s.store.close()
  return folder
}

const copied = (from: string, to: string) =>
  new RegExp(
    `^Copied ${from} to ${to}: \\d+ kB, 1 job, 2 tasks, schema ${migrations.length}\\. It took \\d+\\.\\d s, and the copy was checked\\.$`,
  )

describe.each(['in TypeScript', 'compiled'] as const)('sheaf, %s,', (form) => {
  const run = (folder: string, args: string[], env: Record<string, string> = {}) =>
    runSheaf(folder, args, env, programs()[form])

  test('says its version and what it can do', async () => {
    using folder = temporaryFolder()
    expect(await run(folder.path, ['--version'])).toEqual({
      code: 0,
      out: [`sheaf ${manifest.version}`],
      err: [],
    })
    expect(await run(folder.path, ['--help'])).toEqual({ code: 0, out: help.split('\n'), err: [] })
  })

  test('ends with 2 and one line when it does not understand', async () => {
    using folder = temporaryFolder()
    const err = ['There is no command "bakcup": did you mean "backup"?']
    expect(await run(folder.path, ['bakcup', 'copy.db'])).toEqual({ code: 2, out: [], err })
  })

  test.each(['', 'serve'])('starts a server, and stops it on SIGTERM: sheaf %s', async (name) => {
    using folder = temporaryFolder()
    const env = { PORT: String(freePort()) }
    await using server = startSheaf(folder.path, name === '' ? [] : [name], env, programs()[form])
    const url = (await server.stdout.line(/^Sheaf listens on /)).split(' ').at(-1)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null })
    expect(existsSync(folder.file('sheaf.db'))).toBe(true)
  })

  test('has all that is loaded only when it is first used', async () => {
    using folder = temporaryFolder()
    const smtp = await started.smtp()
    const env = { PORT: String(freePort()), SHEAF_SMTP: `smtp://127.0.0.1:${smtp.port}?from=ada@example.com` }
    await using server = startSheaf(folder.path, [], env, programs()[form])
    const url = (await server.stdout.line(/^Sheaf listens on /)).split(' ').at(-1)
    const sent = await fetch(`${url}/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: 'wait=15' },
      body: JSON.stringify({
        tasks: [{ kind: 'email', to: 'bob@example.com', subject: 'Hello', text: 'x' }],
      }),
    })
    expect(await sent.json()).toMatchObject({ state: 'succeeded', counts: { succeeded: 1 } })
    expect(smtp.last.to).toEqual(['bob@example.com'])
    const document = await fetch(`${url}/swagger/json`)
    expect(await document.json()).toMatchObject({ openapi: '3.1.0', paths: { '/jobs': {} } })
    const script = await fetch(`${url}/swagger/swagger-ui.js`)
    expect((await script.text()).length).toBeGreaterThan(1_000_000)
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  })

  test('copies the database, and ends with 1 and one line when it cannot', async () => {
    using folder = await withDatabase()
    const first = await run(folder.path, ['backup', 'copy.db'])
    expect(first).toEqual({ code: 0, out: [expect.stringMatching(copied('./sheaf.db', 'copy.db'))], err: [] })
    const { code, out, err } = await run(folder.path, ['backup', 'copy.db'])
    expect({ code, out }).toEqual({ code: 1, out: [] })
    expect(err).toEqual(['copy.db exists already. Name another file, or replace it with --force.'])
    expect(await run(folder.path, ['backup', 'copy.db', '--force'])).toMatchObject({ code: 0, err: [] })
  })
})

describe('sheaf backup', () => {
  test('copies the database that the environment names, or that it is told', async () => {
    using folder = await withDatabase('app.db')
    const env = { SHEAF_DATABASE: 'app.db', HOST: '0.0.0.0' }
    const named = await runSheaf(folder.path, ['backup', 'a.db'], env)
    expect(named.out).toEqual([expect.stringMatching(copied('app.db', 'a.db'))])
    const told = await runSheaf(folder.path, ['backup', 'b.db', '--database', 'app.db'])
    expect(told.out).toEqual([expect.stringMatching(copied('app.db', 'b.db'))])
    expect(statSync(folder.file('a.db')).size).toBe(statSync(folder.file('b.db')).size)
  })

  test('is what the README says', async () => {
    using folder = await withDatabase()
    const readme = await Bun.file(join(root, 'README.md')).text()
    const [, line = ''] = /^npx -y bun@[\d.]+ (run sheaf backup copy\.db)$/m.exec(readme) ?? []
    const [file, copy] = [folder.file('sheaf.db'), folder.file('copy.db')]
    const command = [process.execPath, ...line.replace('copy.db', copy).split(' ')]
    await using child = new ChildProcess(command, root, { SHEAF_DATABASE: file })
    expect(await child.ended).toEqual({ code: 0, signal: null })
    expect(child.stdout.lines).toEqual([expect.stringMatching(copied(file, copy))])
  })

  test('makes no database where there is none', async () => {
    using folder = temporaryFolder()
    const { code, err } = await runSheaf(folder.path, ['backup', 'copy.db'])
    expect({ code, err }).toEqual({ code: 1, err: ['There is no database ./sheaf.db.'] })
    expect(existsSync(folder.file('sheaf.db'))).toBe(false)
  })

  test.each([
    ['SHEAF_DATABASE', [], { SHEAF_DATABASE: 'postgres://localhost/sheaf' }],
    ['--database', ['--database', 'postgres://localhost/sheaf'], {}],
  ])('copies SQLite files only, also as %s', async (name, args, env) => {
    using folder = temporaryFolder()
    const { code, err } = await runSheaf(folder.path, ['backup', 'copy.db', ...args], env)
    expect(code).toBe(1)
    expect(err).toEqual([
      `Expected "${name}" to be the path of an SQLite file, got "postgres://localhost/sheaf".`,
    ])
  })

  test.each([
    ['the folder beside the database', {}, './sheaf.db.artifacts'],
    ['the folder that is set', { SHEAF_ARTIFACTS: 'files' }, 'files'],
    ['the bucket that is set', { SHEAF_ARTIFACTS: 's3://bucket/prefix' }, 's3://bucket/prefix'],
  ])('says that what tasks saved is still to be copied: %s', async (_, env, place) => {
    using folder = await withDatabase()
    if (!place.startsWith('s3:')) mkdirSync(folder.file(place))
    const { out } = await runSheaf(folder.path, ['backup', 'copy.db'], env)
    expect(out[1]).toBe(`What tasks saved is not in it. Copy ${place} now, after the database.`)
  })
})
