import { describe, expect, test } from 'bun:test'
import { treaty } from '@elysiajs/eden'
import { Elysia } from 'elysia'
import { connect, sleep } from '../../src/client.ts'
import { call, sheaf } from '../../src/index.ts'
import { Exposition } from '../support/exposition.ts'
import { temporaryFolder } from '../support/folder.ts'
import { greet, hostApp, startHost } from './rig.ts'

const ask = (app: { handle(request: Request): Promise<Response> }, path: string, init?: RequestInit) =>
  app.handle(new Request(`http://localhost${path}`, init))

describe('Sheaf in an app', () => {
  test('has its routes under the prefix, and the app keeps its own', async () => {
    await using host = startHost()
    const app = host.app.get('/', () => 'mine')
    expect(await (await ask(app, '/')).text()).toBe('mine')
    const root = await (await ask(app, '/gather')).json()
    expect(root).toMatchObject({ name: 'sheaf', links: { jobs: '/gather/jobs' } })
    expect((await ask(app, '/jobs')).status).toBe(404)
  })

  test('has its metrics there, too', async () => {
    await using host = startHost()
    await host.local.background(greet, { name: 'Ada' }).then((job) => job.ended())
    const seen = new Exposition(await (await ask(host.app, '/gather/metrics')).text())
    expect(seen.value('sheaf_tasks_ended_total', { kind: 'call', state: 'succeeded' })).toBe(1)
  })

  test('is typed for the Eden client of the app', async () => {
    await using host = startHost()
    const app = host.app.get('/mine', () => 1)
    const api = treaty<typeof app>(app)
    const { data } = await api.gather.jobs.post({ tasks: [{ kind: 'sleep', ms: 0 }] })
    const total: number | undefined = data?.counts.total
    expect(total).toBe(1)
    expect((await api.mine.get()).data).toBe(1)
  })

  test('answers with its own problems, whatever the error handler of the app says', async () => {
    await using host = startHost()
    const app = new Elysia().onError(() => new Response('the app failed', { status: 418 })).use(host.app)
    const missing = await ask(app, '/gather/jobs/none')
    expect(missing.status).toBe(404)
    expect(await missing.json()).toMatchObject({ code: 'not_found', instance: '/gather/jobs/none' })
    expect((await ask(app, '/gather/nothing')).status).toBe(404)
    const refused = await ask(app, '/gather/jobs', { method: 'PATCH' })
    expect(refused.status).toBe(405)
    expect(refused.headers.get('allow')).toContain('POST')
    expect((await ask(app, '/nothing')).status).toBe(418)
  })

  test('leaves the errors of the app to the app', async () => {
    await using host = startHost()
    const app = host.app.get('/broken', () => {
      throw new Error('my own')
    })
    const response = await ask(app, '/broken')
    expect(response.status).toBe(500)
    expect(await response.text()).toBe('my own')
  })

  test('reads its bodies itself, whatever parsers and schemas the app has', async () => {
    await using host = startHost()
    const app = new Elysia().onParse(() => ({ tasks: 'parsed by the app' })).use(host.app)
    const response = await ask(app, '/gather/jobs', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tasks: [{ kind: 'sleep', ms: 0 }] }),
    })
    expect(response.status).toBe(202)
    expect(response.headers.get('location')).toMatch(/^\/gather\/jobs\/[0-9a-f-]{36}$/)
  })

  test('used twice is there once', async () => {
    using folder = temporaryFolder()
    const database = folder.file('app.db')
    const part = new Elysia({ name: 'part' }).use(sheaf({ database, log: 'silent' }))
    const app = new Elysia().use(part).use(sheaf({ database, log: 'silent' }))
    expect((await ask(app, '/sheaf')).status).toBe(200)
    expect(app.routes.filter(({ path }) => path === '/sheaf')).toHaveLength(1)
    await app.decorator.sheaf.submit([sleep(0)])
    expect(await (await ask(app, '/sheaf/jobs')).json()).toMatchObject({ data: [{ counts: { total: 1 } }] })
    await app.decorator.sheaf.stop()
  })

  test('takes no part in a request that a hook of the app refuses before', async () => {
    await using host = startHost({ guarded: true })
    const app = new Elysia()
      .onBeforeHandle(({ headers, status }) => (headers.cookie === 'me' ? undefined : status(401, 'who?')))
      .use(host.app)
    expect((await ask(app, '/gather/jobs')).status).toBe(401)
    const asMe = { headers: { cookie: 'me', host: 'app.example.com', origin: 'https://app.example.com' } }
    expect((await ask(app, '/gather/jobs', asMe)).status).toBe(200)
  })

  test('answers to this machine only when nobody guards it', async () => {
    await using host = startHost()
    const foreign = await ask(host.app, '/gather/jobs', { headers: { host: 'app.example.com' } })
    expect(foreign.status).toBe(403)
  })

  test('documents its routes at its own address', async () => {
    await using host = startHost()
    const document = await (await ask(host.app, '/gather/swagger/json')).json()
    expect(Object.keys(document.paths)).toContain('/gather/jobs/{id}')
    const page = await (await ask(host.app, '/gather/swagger')).text()
    expect(page).toContain('/gather/swagger/swagger-ui.js')
  })
})

describe('the life of Sheaf in an app', () => {
  test('begins when the app listens, and its channel is on the same port', async () => {
    await using host = startHost()
    await using client = connect(`${host.listen()}/gather`)
    expect(await client.all([sleep(1), call(greet, { name: 'Ada' })])).toEqual([null, 'Hello, Ada!'])
    const job = await client.submit([sleep(1)])
    const types = []
    for await (const event of job) types.push(event.type)
    expect(types.at(-1)).toBe('job')
  })

  test('holds messages of the channel to its own bound, whatever the app allows', async () => {
    await using host = startHost()
    const socket = new WebSocket(`${host.listen().replace('http', 'ws')}/gather/events`)
    socket.addEventListener('open', () => socket.send(`"${'x'.repeat(70_000)}"`))
    const { code } = await new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve))
    expect(code).toBe(1009)
  })

  test('ends when the app stops, though a stream and a socket are open', async () => {
    await using host = startHost()
    const url = host.listen()
    const job = await host.local.submit([sleep(600_000)])
    const stream = await fetch(`${url}/gather/jobs/${job.id}/events`)
    const socket = new WebSocket(`${url.replace('http', 'ws')}/gather/events`)
    await new Promise((resolve) => socket.addEventListener('open', resolve))
    const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve))
    await host.app.stop()
    expect((await closed).code).toBe(1012)
    expect(await stream.text()).toContain('event: job')
    await expect(fetch(url)).rejects.toThrow()
  })

  test('ends with the app, also when it was told to stop just before', async () => {
    await using host = startHost()
    const url = host.listen()
    await host.local.submit([sleep(600_000)])
    const [stopped] = await Promise.all([host.local.stop().then(() => 'sheaf'), host.app.stop()])
    expect(stopped).toBe('sheaf')
    await expect(fetch(url)).rejects.toThrow()
  })

  test('goes on where it was when the app listens again', async () => {
    await using host = startHost()
    host.listen()
    const { id } = await host.local.submit([sleep(200)])
    await host.app.stop()
    host.listen()
    expect(await host.local.job(id).ended()).toMatchObject({ state: 'succeeded' })
  })

  test('needs no port: the first use opens the database, and stop closes it', async () => {
    using folder = temporaryFolder()
    const database = folder.file('app.db')
    const { sheaf: first } = hostApp(database).decorator
    const job = await first.background(greet, { name: 'Ada' })
    expect(await job.results()).toMatchObject([{ output: 'Hello, Ada!' }])
    await first.stop()
    // The file is free again: another app may have it.
    const { sheaf: second } = hostApp(database).decorator
    expect(await second.job(job.id).snapshot()).toMatchObject({ name: 'greet', state: 'succeeded' })
    await second.stop()
  })

  test('a database that cannot be had is said where it is asked for', async () => {
    using folder = temporaryFolder()
    const database = folder.file('app.db')
    const first = hostApp(database)
    await first.decorator.sheaf.submit([])
    const second = new Elysia().use(sheaf({ database, prefix: '/other', log: 'silent' }))
    await expect(second.decorator.sheaf.submit([])).rejects.toThrow('open already')
    expect(() => second.listen(0)).toThrow('open already')
    await second.server?.stop(true)
    await first.decorator.sheaf.stop()
  })
})

describe('an option that cannot be used is named', () => {
  test.each([
    [{ concurrency: 0 }, 'Expected "concurrency" between 1 and 10000, got "0".'],
    [{ prefix: 'gather' }, 'Expected "prefix" to be a path such as "/sheaf", got "gather".'],
    [{ prefix: '/' }, 'Expected "prefix" to be a path such as "/sheaf", got "/".'],
    [{ guarded: true, tokens: 'admin:0123456789abcdef' }, 'Expected either "guarded" or "tokens", got both'],
    [{ databse: 'x' }, 'There is no option "databse": did you mean "database"?'],
    [{ egressAllow: 'not a range' }, 'Expected "egressAllow" to be addresses, ranges and host names'],
  ])('%p', (options, message) => {
    expect(() => sheaf(options as object)).toThrow(message)
  })
})
