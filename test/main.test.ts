import { Database } from 'bun:sqlite'
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { WholeTaskView } from '../src/job/wire.ts'
import { openSqlite } from '../src/store/sqlite/open.ts'
import { readJob, readResults, submit } from './crash/rest.ts'
import { temporaryFolder } from './support/folder.ts'
import { freePort, ServerProcess } from './support/process.ts'
import { startUpstream } from './support/upstream.ts'

/** A process starts in a quarter of a second, and on a machine that is busy in several. */
setDefaultTimeout(20_000)

const secret = '0123456789abcdef'
const upstream = startUpstream()
afterAll(() => upstream.stop())

/** Where one server after another runs, on one file and one port; at the end of the test all of it is gone. */
class Place implements AsyncDisposable {
  readonly folder = temporaryFolder()
  readonly #port = freePort()
  readonly #servers: ServerProcess[] = []

  constructor(readonly env: Record<string, string> = {}) {}

  /** Starts a server, and waits until it takes jobs. */
  async start(): Promise<ServerProcess> {
    const server = new ServerProcess(this.folder.path, this.#port, this.env)
    this.#servers.push(server)
    return server.ready()
  }

  /** Starts a server, and has it run a task that does not end, and may be attempted but once. */
  async startHanging() {
    const server = await this.start()
    const path = `/hang/${Bun.randomUUIDv7()}`
    const { id } = await submit(server.url, 'hanging', { retry: { attempts: 1 }, tasks: [http(path)] })
    await upstream.arrived(path)
    return { server, path, id }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server[Symbol.asyncDispose]()
    this.folder[Symbol.dispose]()
  }
}

const http = (path: string) => ({ kind: 'http', url: upstream.url + path }) as const

describe('a server', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'says in one line where it is, and ends with 0 on %s',
    async (signal) => {
      await using place = new Place({ SHEAF_LOG: 'info' })
      const server = await place.start()
      expect(await server.kill(signal)).toEqual({ code: 0, signal: null })
      expect(server.stdout.text).toBe(`Sheaf listens on ${server.url}\n`)
    },
  )

  test('takes any free port if told to, and says which', async () => {
    using folder = temporaryFolder()
    await using server = new ServerProcess(folder.path, 0)
    const line = await server.stdout.line(/^Sheaf listens on /)
    expect((await fetch(`${line.split(' ').at(-1)}/readyz`)).status).toBe(200)
  })

  test('runs the handlers of a module that is named by a relative path', async () => {
    using folder = temporaryFolder()
    await Bun.write(folder.file('handlers.ts'), withHandlers('export const a = double'))
    await using server = new ServerProcess(folder.path, freePort(), { SHEAF_HANDLERS: './handlers.ts' })
    await server.ready()
    const { id } = await submit(server.url, 'a', {
      tasks: [{ kind: 'call', handler: 'double', input: { n: 21 } }],
    })
    expect(await readResults(server.url, id)).toEqual([
      { index: 0, state: 'succeeded', attempt: 1, output: 42 },
    ])
  })

  test('outlives what a handler leaves without a catch, and gives back what runs when one throws out of nowhere', async () => {
    using folder = temporaryFolder()
    const code = `
      export const careless = defineHandler({ name: 'careless', input: Type.Unknown(), run: () => { Promise.reject(new Error('left')); return 1 } })
      export const fatal = defineHandler({ name: 'fatal', input: Type.Unknown(), run: () => new Promise(() => { setTimeout(() => { throw new Error('thrown') }) }) })`
    await Bun.write(folder.file('handlers.ts'), withHandlers(code))
    const settings = { SHEAF_HANDLERS: './handlers.ts', SHEAF_GRACE_MS: '0' }
    await using server = new ServerProcess(folder.path, freePort(), settings)
    await server.ready()
    const careless = await submit(server.url, 'careless', { tasks: [{ kind: 'call', handler: 'careless' }] })
    expect(await readResults(server.url, careless.id)).toMatchObject([{ state: 'succeeded', output: 1 }])
    await submit(server.url, 'fatal', { tasks: [{ kind: 'call', handler: 'fatal' }] })
    expect(await server.ended).toEqual({ code: 1, signal: null })
  })

  test('listens on every address if it has tokens, and asks for them', async () => {
    await using place = new Place({ HOST: '0.0.0.0', SHEAF_TOKENS: `read:${secret}` })
    const { url } = await place.start()
    expect((await fetch(`${url}/jobs`)).status).toBe(401)
    expect((await fetch(`${url}/jobs`, { headers: { authorization: `Bearer ${secret}` } })).status).toBe(200)
  })
})

/** Sends SIGINT until the server is gone, as who has no patience does. */
const insist = async (server: ServerProcess) => {
  while (server.running) {
    server.signal('SIGINT')
    await server.answers()
  }
  return server.ended
}

describe('a server that is told to stop', () => {
  test('lets running tasks end', async () => {
    await using place = new Place({ SHEAF_GRACE_MS: '30000' })
    const server = await place.start()
    const { id } = await submit(server.url, 'slow', {
      tasks: [http('/slow/300'), { kind: 'sleep', ms: 300 }],
    })
    await upstream.arrived('/slow/300')
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null })

    const next = await place.start()
    const results = await readResults(next.url, id)
    expect(results.map(({ state, attempt }) => ({ state, attempt }))).toEqual([
      { state: 'succeeded', attempt: 1 },
      { state: 'succeeded', attempt: 1 },
    ])
    expect(upstream.count('/slow/300')).toBe(1)
  })

  test('gives back what does not end in time, and spends none of its attempts', async () => {
    await using place = new Place({ SHEAF_GRACE_MS: '100' })
    const { server, path, id } = await place.startHanging()
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null })
    await upstream.abandoned(path)

    const next = await place.start()
    await upstream.arrived(path, 2)
    const task: WholeTaskView = await (await fetch(`${next.url}/jobs/${id}/tasks/0`)).json()
    expect(task).toMatchObject({ state: 'running', attempt: 2, failures: [] })
    expect(next.stderr.text).toBe('')
  })

  test('takes no more jobs meanwhile, says so, and shows those it has', async () => {
    await using place = new Place({ SHEAF_GRACE_MS: '60000' })
    const { server, id } = await place.startHanging()
    server.signal('SIGTERM')
    await server.unready()

    const refused = await fetch(`${server.url}/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tasks: [{ kind: 'sleep', ms: 0 }] }),
    })
    expect(refused.status).toBe(503)
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({ code: 'unavailable', status: 503 })
    expect((await fetch(`${server.url}/livez`)).status).toBe(200)
    expect(await readJob(server.url, id)).toMatchObject({ state: 'running', counts: { running: 1 } })
    expect(server.running).toBe(true)
  })

  test('ends at once when it is told again, not with 0, and loses nothing', async () => {
    await using place = new Place({ SHEAF_GRACE_MS: '60000' })
    const { server, path, id } = await place.startHanging()
    server.signal('SIGTERM')
    await server.unready()
    expect((await insist(server)).code).toBeGreaterThan(0)

    const next = await place.start()
    await upstream.arrived(path, 2)
    expect(await readJob(next.url, id)).toMatchObject({ state: 'running', counts: { total: 1 } })
  })

  // A Ctrl-C goes to all processes of a terminal, and `bun run start` passes its own on to the server.
  test('takes two signals at the same moment for one', async () => {
    await using place = new Place({ SHEAF_GRACE_MS: '100' })
    const { server } = await place.startHanging()
    server.signal('SIGINT')
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  })

  test('closes each socket with 1012, ends each stream, and answers whoever waits', async () => {
    await using place = new Place({ SHEAF_GRACE_MS: '100' })
    const { server, id } = await place.startHanging()
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/events`)
    const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve))
    const subscribed = new Promise((resolve) => socket.addEventListener('message', resolve, { once: true }))
    socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'subscribe', job: id })))
    await subscribed
    const stream = await fetch(`${server.url}/jobs/${id}/events?after=0`)
    const waiting = fetch(`${server.url}/jobs/${id}/results?wait=60`)

    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null })
    expect((await closed).code).toBe(1012)
    expect(await stream.text()).toContain('"state":"running"')
    expect((await waiting).status).toBe(503)
  })

  test('does not wait for a client that never ends its request', async () => {
    await using place = new Place()
    const server = await place.start()
    const client = connect(server.port, '127.0.0.1')
    const head = 'POST /jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n'
    await new Promise<void>((resolve) =>
      client.write(`${head}Content-Length: 99\r\n\r\n{"ta`, () => resolve()),
    )
    // What comes later on another connection is answered: by then the server has read the half of the first.
    await readJobs(server)
    expect(await server.kill('SIGTERM')).toEqual({ code: 0, signal: null })
    client.destroy()
  })
})

const readJobs = async ({ url }: ServerProcess) => (await fetch(`${url}/jobs`)).json()

/** A module of handlers, as a user has it. */
const withHandlers = (text: string) => `
  import { defineHandler } from '${join(import.meta.dir, '../src/index.ts')}'
  import { Type } from '${join(import.meta.dir, '../node_modules/@sinclair/typebox')}'
  const define = (name, input = Type.Object({ n: Type.Number() })) =>
    defineHandler({ name, input, run: ({ n }) => 2 * n })
  const double = define('double')
  ${text}`

describe('the start is refused, in one line that says why', () => {
  /** Starts a server that must not start; gives the line. */
  const refusal = async (env: Record<string, string>, prepare: (folder: string) => unknown = () => {}) => {
    using folder = temporaryFolder()
    await prepare(folder.path)
    await using server = new ServerProcess(folder.path, freePort(), env)
    const { code } = await server.ended
    expect(code).toBeGreaterThan(0)
    expect(server.stdout.text).toBe('')
    expect(server.stderr.text).toMatch(/^[^\n]+\n$/)
    return server.stderr.text.trimEnd()
  }

  test.each([
    ['SHEAF_DATABASE', 'postgres://localhost/sheaf', 'SQLite file'],
    ['HOST', 'not a host', 'host name'],
    ['PORT', '70000', 'between 0 and 65535'],
    ['SHEAF_CONCURRENCY', '0', 'between 1 and 10000'],
    ['SHEAF_DURABILITY', 'fast', 'full, normal'],
    ['SHEAF_LOG', 'loud', 'debug, info, warn, error, silent'],
    ['SHEAF_GRACE_MS', '-1', 'between 0 and 3600000'],
    ['SHEAF_MAX_BODY_BYTES', '1 MB', 'between 1024 and 1073741824'],
  ])('for %s=%s', async (name, value, allowed) => {
    const line = await refusal({ [name]: value })
    expect(line).toContain(`"${name}"`)
    expect(line).toContain(`"${value}"`)
    expect(line).toContain(allowed)
  })

  test('for a token that is none, which stays a secret', async () => {
    const line = await refusal({ SHEAF_TOKENS: `root:${secret}` })
    expect(line).toContain('"SHEAF_TOKENS"')
    expect(line).toContain('read, submit or admin')
    expect(line).not.toContain(secret)
  })

  test('for a setting that does not exist, with the one that was meant', async () => {
    expect(await refusal({ SHEAF_CONCURENCY: '8' })).toMatch(/"SHEAF_CONCURENCY".*"SHEAF_CONCURRENCY"/)
  })

  test('for an address that others reach, without tokens', async () => {
    expect(await refusal({ HOST: '0.0.0.0' })).toMatch(/"SHEAF_TOKENS".*"HOST".*0\.0\.0\.0/)
  })

  test('for a port that is taken', async () => {
    const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    expect(await refusal({ PORT: String(listener.port) })).toContain(`127.0.0.1:${listener.port}`)
    listener.stop()
  })

  test('for a file that another server has open, which goes on', async () => {
    await using place = new Place()
    const server = await place.start()
    const database = place.folder.file('sheaf.db')
    expect(await refusal({ SHEAF_DATABASE: database })).toContain(database)
    await submit(server.url, 'still-there', { tasks: [] })
  })

  test('for a database that a newer version wrote', async () => {
    const line = await refusal({}, async (folder) => {
      const file = join(folder, 'sheaf.db')
      await openSqlite({ file }).close()
      const db = new Database(file)
      db.run('update sheaf_schema set version = 99')
      db.close()
    })
    expect(line).toMatch(/newer.*99/)
  })

  test('for a file that is no database', async () => {
    const line = await refusal({}, (folder) => Bun.write(join(folder, 'sheaf.db'), 'x'.repeat(4_096)))
    expect(line).toMatch(/sheaf\.db.*not a database/)
  })

  test('for a folder that does not exist', async () => {
    expect(await refusal({ SHEAF_DATABASE: './nowhere/sheaf.db' })).toContain('./nowhere/sheaf.db')
  })

  test('for a module that does not exist', async () => {
    expect(await refusal({ SHEAF_HANDLERS: './missing.ts' })).toMatch(/"SHEAF_HANDLERS".*\.\/missing\.ts/)
  })

  test.each([
    ['exports no handler', 'export const double2 = 2', /export handlers/],
    ['exports two of one name', `export const [a, b] = [define('twice'), define('twice')]`, /twice/],
    [
      'exports one with a schema that cannot be compiled',
      `export const a = define('a', Type.Ref('nope'))`,
      /"a"/,
    ],
    ['exports one with a name that is none', `export const a = define('1 a')`, /1 a/],
    ['throws', `throw new Error('first\\nsecond')`, /first/],
    ['is no TypeScript', 'export const = 1', /handlers\.ts/],
    ['imports what is not there', `import 'no-such-package'`, /no-such-package/],
  ])('for a module of handlers that %s', async (_, text, why) => {
    const line = await refusal({ SHEAF_HANDLERS: './handlers.ts' }, (folder) =>
      Bun.write(join(folder, 'handlers.ts'), withHandlers(text)),
    )
    expect(line).toContain('"SHEAF_HANDLERS"')
    expect(line).toMatch(why)
  })
})
