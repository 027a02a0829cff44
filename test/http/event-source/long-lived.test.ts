import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { JobView, TaskView } from '../../../src/job/wire.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { freePort, ServerProcess } from '../../support/process.ts'
import { RawConnection } from '../raw.ts'
import { type AppRig, startApp } from '../rig.ts'
import { SseReader } from '../sse-reader.ts'
import { Clients } from './clients.ts'

let clients: Clients
beforeAll(async () => {
  clients = await Clients.start()
}, 30_000)
afterAll(() => clients[Symbol.asyncDispose]())

const post = async (url: string, body?: object): Promise<JobView> => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', ...(body && { headers, body: JSON.stringify(body) }) })
  return (await response.json()) as JobView
}

const fetchTasks = async (url: string, job: string): Promise<TaskView[]> => {
  const response = await fetch(`${url}/jobs/${job}/tasks?limit=100`)
  const { data } = (await response.json()) as { data: TaskView[] }
  return data
}

/** What both the stream and the store say of a task that has ended. */
const gist = ({ index, state, attempt, seq }: Pick<TaskView, 'index' | 'state' | 'attempt' | 'seq'>) => ({
  index,
  state,
  attempt,
  seq,
})

/** Some end at once, and some run when the server goes. */
const tasks = [0, 0, 0, 0, 0, 500, 500].map((ms) => ({ kind: 'sleep', ms }))

/** In seconds. Bun looks every 4 s, so it cuts after 4 to 8: the least that leaves time to break the silence in between. */
const idleTimeout = 8

const listen = ({ app }: AppRig): string => {
  app.listen({ hostname: '127.0.0.1', port: 0, idleTimeout })
  return `127.0.0.1:${app.server?.port}`
}

/** A job without tasks that ends when it is sealed: no timer of its own ends it before. */
const openJob = { sealed: false, sealTimeoutMs: 86_400_000 }

/** Resolves when Bun has cut a connection on which it waits for an answer. */
const whenCut = async () => {
  using mute = Bun.serve({ port: 0, idleTimeout, fetch: () => new Promise<Response>(() => {}) })
  using control = await RawConnection.open(`127.0.0.1:${mute.port}`)
  await control.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await expect(control.readUntil('HTTP/1.1')).rejects.toThrow('Closed before')
}

// At once: most of it is waiting for Bun, and for an EventSource to come again.
describe.concurrent('a connection', () => {
  test('of an EventSource to a server that dies, and to one that stops, comes back by itself and has seen everything once', async () => {
    using folder = temporaryFolder()
    const port = freePort()
    const start = () => new ServerProcess(folder.path, port, { SHEAF_GRACE_MS: '0' }).ready()
    let server = await start()
    const { id } = await post(`${server.url}/jobs`, { sealed: false, tasks })
    const jobUrl = `${server.url}/jobs/${id}`
    const watches = await clients.open(`${jobUrl}/events?after=0`)
    const seen = (count: number) =>
      Promise.all(watches.map((watch) => watch.until(({ ended }) => ended.length >= count)))
    try {
      await seen(5)
      await server.kill('SIGKILL')
      server = await start()
      await post(`${jobUrl}/tasks`, { tasks })
      await seen(12)
      await server.kill('SIGTERM')
      server = await start()
      await post(`${jobUrl}/tasks`, { tasks, seal: true })
      for (const watch of await Promise.all(watches.map((each) => each.closed()))) {
        expect(watch.opened).toBeGreaterThanOrEqual(3)
        expect(watch.fold.map(gist)).toEqual((await fetchTasks(server.url, id)).map(gist))
        expect(watch.ended.toSorted((one, other) => one - other)).toEqual([...Array(21).keys()])
        expect(watch.events.at(-1)).toMatchObject({ data: { state: 'succeeded' } })
      }
    } finally {
      await server[Symbol.asyncDispose]()
    }
  }, 60_000)

  test('that is silent is cut by Bun, but not a stream with heartbeats, nor a request that waits', async () => {
    await using followed = await startApp()
    await using awaited = await startApp()
    const { id } = await followed.submit([], openJob)
    const stream = new SseReader(await fetch(`http://${listen(followed)}/jobs/${id}/events`))
    expect(await stream.next()).toMatchObject({ event: 'job', data: { data: { state: 'running' } } })
    const url = `http://${listen(awaited)}/jobs`
    const other = await awaited.submit([], openJob)
    const results = fetch(`${url}/${other.id}/results?wait=60`)
    const headers = { 'content-type': 'application/json', prefer: 'wait=60', 'idempotency-key': 'key' }
    const submitted = fetch(url, { method: 'POST', headers, body: JSON.stringify({ tasks: [], ...openJob }) })

    const beats = setInterval(() => void followed.clock.advance(15_000), 1_000)
    await whenCut()
    clearInterval(beats)

    const { data } = await (await awaited.get('/jobs')).json()
    for (const job of data) await awaited.post(`/jobs/${job.id}/seal`)
    expect((await results).status).toBe(200)
    expect((await submitted).status).toBe(200)
    await followed.post(`/jobs/${id}/seal`)
    expect(await stream.next()).toMatchObject({ event: 'job', data: { data: { state: 'succeeded' } } })
  }, 30_000)
})
