import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { JobView, TaskView } from '../../../src/job/wire.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { freePort, ServerProcess } from '../../support/process.ts'
import { Clients } from './clients.ts'

let clients: Clients
beforeAll(async () => {
  clients = await Clients.start()
}, 30_000)
afterAll(() => clients[Symbol.asyncDispose]())

const tasks = Array.from({ length: 30 }, (_, index) => ({ kind: 'sleep', ms: 100 + 10 * index }))

const submit = async (url: string): Promise<JobView> => {
  const response = await fetch(`${url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tasks, concurrency: 10 }),
  })
  return (await response.json()) as JobView
}

const fetchTasks = async (url: string, job: string): Promise<TaskView[]> => {
  const response = await fetch(`${url}/jobs/${job}/tasks?limit=100`)
  const { data } = (await response.json()) as { data: TaskView[] }
  return data
}

describe('an EventSource of a server that', () => {
  test('dies, and of one that stops, comes back by itself and has seen everything once', async () => {
    using folder = temporaryFolder()
    const port = freePort()
    const start = () => new ServerProcess(folder.path, port, { SHEAF_GRACE_MS: '0' }).ready()
    let server = await start()
    const { id } = await submit(server.url)
    const watches = await clients.open(`${server.url}/jobs/${id}/events?after=0`)
    const ends = (count: number) =>
      Promise.all(
        watches.map((watch) =>
          watch.until(({ changes }) => changes.filter(({ state }) => state === 'succeeded').length >= count),
        ),
      )
    try {
      for (const [count, signal] of [[5, 'SIGKILL'] as const, [15, 'SIGTERM'] as const]) {
        await ends(count)
        await server.kill(signal)
        server = await start()
      }
      for (const watch of await Promise.all(watches.map((each) => each.closed()))) {
        expect(watch.opened).toBe(3)
        const stored = await fetchTasks(server.url, id)
        const gist = ({
          index,
          state,
          attempt,
          seq,
        }: Pick<TaskView, 'index' | 'state' | 'attempt' | 'seq'>) => [index, state, attempt, seq]
        expect(watch.fold.map(gist)).toEqual(stored.map(gist))
        const ended = watch.changes.filter(({ state }) => state === 'succeeded')
        expect(new Set(ended.map(({ index }) => index)).size).toBe(ended.length)
        expect(watch.events.at(-1)).toMatchObject({ data: { state: 'succeeded' } })
      }
    } finally {
      await server[Symbol.asyncDispose]()
    }
  }, 60_000)
})
