import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../src/clock.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Store } from '../../src/store/store.ts'
import { temporaryFolder } from '../support/folder.ts'
import { ChildProcess } from '../support/process.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** `SHEAF_WAITERS=10000`: the long mode. It needs as many open files here and in the process of the clients. */
const waiters = Number(process.env.SHEAF_WAITERS ?? 1_000)
const waitMs = 60_000

/** A server whose lookups of jobs and whose timers of a minute are counted. */
const startCounted = async () => {
  const count = { reads: 0, armed: 0, fired: 0 }
  const clock: Clock = {
    ...systemClock,
    after(ms, action) {
      if (ms !== waitMs) return systemClock.after(ms, action)
      count.armed += 1
      const cancel = systemClock.after(ms, () => {
        count.fired += 1
        action()
      })
      return () => {
        count.armed -= 1
        cancel()
      }
    },
  }
  const openStore = ({
    database,
    durability,
  }: {
    database: string
    durability: 'full' | 'normal'
  }): Store => {
    const store = openSqlite({ file: database, durability })
    const read = store.job.bind(store)
    store.job = (id) => {
      count.reads += 1
      return read(id)
    }
    return store
  }
  return { count, server: await startServer({ clock, openStore }) }
}

/** Resolves when so many requests wait. */
const whenWaiting = ({ engine }: TestServer, wanted: number): Promise<void> =>
  new Promise((resolve) => {
    let waiting = 0
    for (const name of ['ended', 'decided'] as const) {
      const wait = engine[name].bind(engine)
      engine[name] = (...args) => {
        waiting += 1
        // Once this one has begun to wait as well.
        if (waiting === wanted) setImmediate(resolve)
        return wait(...args)
      }
    }
  })

const submit = async ({ url }: TestServer, tasks: object[]): Promise<string> => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${url}/jobs`, { method: 'POST', headers, body: JSON.stringify({ tasks }) })
  const { id } = (await response.json()) as { id: string }
  return id
}

/** The clients of a server, all of whose requests wait, and what they will have been answered. */
const startWaiting = async (server: TestServer, folder: string) => {
  await server.engine.limit('gate', { paused: true })
  const job = await submit(server, [{ kind: 'sleep', ms: 0, queue: 'gate' }])
  const waiting = whenWaiting(server, waiters)
  const script = join(import.meta.dir, 'waiting/clients.ts')
  const clients = new ChildProcess([process.execPath, script, server.url, String(waiters), job], folder)
  await waiting
  return {
    answers: async (): Promise<unknown> => JSON.parse(await clients.stdout.line(/^\{/)),
    [Symbol.asyncDispose]: () => clients[Symbol.asyncDispose](),
  }
}

describe(`${waiters} requests that wait`, () => {
  test('read nothing and wake nobody until their jobs end, and are all answered then', async () => {
    using folder = temporaryFolder()
    const { server, count } = await startCounted()
    await using _ = server
    Bun.gc(true)
    const before = process.memoryUsage().rss
    await using clients = await startWaiting(server, folder.path)
    Bun.gc(true)
    const each = (process.memoryUsage().rss - before) / waiters
    expect(count.armed).toBe(waiters)

    const { reads } = count
    for (let round = 1; round <= 20; round += 1) {
      const other = await submit(server, [{ kind: 'sleep', ms: 1 }])
      expect(await server.engine.ended(other, 1_000)).toMatchObject({ state: 'succeeded' })
      // The one read is that of whoever asks here.
      expect(count.reads).toBe(reads + round)
    }

    await server.engine.limit('gate', undefined)
    expect(await clients.answers()).toEqual({ '200': waiters })
    expect(count).toMatchObject({ armed: 0, fired: 0 })
    if (waiters > 1_000)
      console.log(`${waiters} requests that wait take ${(each / 1_024).toFixed(1)} KiB each`)
  }, 60_000)

  test('are all answered when the server stops: those who submitted with their jobs, the others with 503', async () => {
    using folder = temporaryFolder()
    const { server } = await startCounted()
    await using clients = await startWaiting(server, folder.path)
    await using _ = server
    await server.stop()
    expect(await clients.answers()).toEqual({ '202': waiters / 2, '503 again': waiters / 2 })
  }, 60_000)
})
