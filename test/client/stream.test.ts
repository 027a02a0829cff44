import { describe, expect, test } from 'bun:test'
import { sleep, type Task } from '../../src/client.ts'
import { startServer } from '../support/server.ts'
import { connect, failOnLeaks } from './support/leaks.ts'

failOnLeaks()

/** So many tasks, as they are asked for; `made` counts them. */
const stream = (count: number, made = { count: 0, ended: false }) => ({
  made,
  async *[Symbol.asyncIterator](): AsyncGenerator<Task<null>, undefined> {
    try {
      for (let index = 0; index < count; index += 1) {
        made.count += 1
        yield sleep(0, { key: `task-${index}` })
      }
    } finally {
      made.ended = true
    }
  },
})

/** Loses the answer to every request to add that comes for the first time. */
const lossy = () => {
  const bodies = new Map<string, number>()
  return {
    bodies,
    fetch: async (url: string, init?: RequestInit) => {
      const response = await fetch(url, init)
      if (!/\/tasks$|\/seal$/.test(new URL(url).pathname) || init?.method !== 'POST') return response
      const body = `${url} ${String(init.body)}`
      const times = (bodies.get(body) ?? 0) + 1
      bodies.set(body, times)
      if (times === 1) throw new TypeError('The connection was lost')
      return response
    },
  }
}

describe('submit, of what gives one task after another', () => {
  test('submits all of them, and seals the job', async () => {
    await using server = await startServer()
    const sheaf = connect(server.url)
    const job = await sheaf.submit(stream(2_500), { name: 'stream', mode: 'all' })
    expect(await job.ended()).toMatchObject({
      name: 'stream',
      mode: 'all',
      sealed: true,
      counts: { total: 2_500, succeeded: 2_500 },
    })
    expect(await (await sheaf.submit(stream(0))).ended()).toMatchObject({ state: 'succeeded' })
  })

  test('adds each once, though the answer to every request is lost', async () => {
    await using server = await startServer()
    const { bodies, fetch } = lossy()
    const sheaf = connect(server.url, { fetch })
    const job = await sheaf.submit(stream(2_500))
    expect(bodies.size).toBeGreaterThanOrEqual(3)
    expect([...bodies.values()].some((times) => times > 1)).toBe(true)
    expect((await job.ended()).counts.total).toBe(2_500)
  })

  test('runs them while others are still to come', async () => {
    await using server = await startServer()
    const sheaf = connect(server.url)
    const { promise: more, resolve: goOn } = Promise.withResolvers<void>()
    async function* slow() {
      yield sleep(0)
      await more
      yield sleep(0)
    }
    const submitting = sheaf.submit(slow(), { name: 'slow' })
    for (;;) {
      const { data } = await sheaf.api.jobs.get()
      const [job] = data?.data ?? []
      if (job?.counts.succeeded === 1) {
        expect(job).toMatchObject({ sealed: false, state: 'running' })
        break
      }
      await Bun.sleep(5)
    }
    goOn()
    expect((await (await submitting).ended()).counts.succeeded).toBe(2)
  })

  test('goes on where it broke off, with the same key', async () => {
    await using server = await startServer()
    const sheaf = connect(server.url)
    async function* broken() {
      yield* take(stream(1_500), 1_200)
      throw new Error('The program died')
    }
    const options = { idempotencyKey: 'import-7' }
    await expect(sheaf.submit(broken(), options)).rejects.toThrow('The program died')
    const [begun] = (await sheaf.api.jobs.get()).data?.data ?? []
    expect(begun).toMatchObject({ sealed: false, counts: { total: 1_000 } })
    const job = await sheaf.submit(stream(1_500), options)
    expect(job.id).toBe(begun?.id ?? '')
    expect((await job.ended()).counts.succeeded).toBe(1_500)
    const again = stream(1_500)
    expect((await sheaf.submit(again, options)).id).toBe(job.id)
    expect((await job.ended()).counts.total).toBe(1_500)
  })

  test('without a key, cancels the job when it cannot go on', async () => {
    await using server = await startServer()
    const sheaf = connect(server.url)
    async function* broken() {
      yield sleep(60_000)
      throw new Error('The program died')
    }
    await expect(sheaf.submit(broken())).rejects.toThrow('The program died')
    await sheaf.close()
    expect((await connect(server.url).api.jobs.get()).data?.data).toMatchObject([{ outcome: 'cancelled' }])
  })

  test('takes no more once the job is decided', async () => {
    await using server = await startServer()
    const tasks = stream(100_000)
    const job = await connect(server.url).submit(tasks, { mode: 'any' })
    expect(await job.ended()).toMatchObject({ state: 'succeeded' })
    expect(tasks.made.count).toBeLessThan(100_000)
    expect(tasks.made.ended).toBe(true)
  })

  test('gives up with its signal, and the job is cancelled', async () => {
    await using server = await startServer()
    const sheaf = connect(server.url)
    const giveUp = new AbortController()
    async function* endless() {
      yield sleep(60_000)
      giveUp.abort(new Error('enough'))
      await new Promise(() => {})
    }
    await expect(sheaf.submit(endless(), { signal: giveUp.signal })).rejects.toThrow('enough')
    await sheaf.close()
    expect((await connect(server.url).api.jobs.get()).data?.data).toMatchObject([{ outcome: 'cancelled' }])
  })
})

describe('a job that is not sealed', () => {
  test('takes tasks and items, and is sealed', async () => {
    await using server = await startServer()
    const sheaf = connect(server.url)
    const job = await sheaf.submit([sleep(0)], { sealed: false })
    expect((await job.add([sleep(0), sleep(0)], { from: 1 })).counts.total).toBe(3)
    await expect(job.add([sleep(0)], { from: 1 })).rejects.toMatchObject({ code: 'conflict', status: 409 })
    expect((await job.seal()).sealed).toBe(true)
    expect(await job.results()).toHaveLength(3)
    const each = await sheaf.submit({ items: [0], task: sleep('{{item}}') }, { sealed: false })
    expect(await each.add({ items: [0, 0] }, { seal: true })).toMatchObject({
      sealed: true,
      counts: { total: 3 },
    })
  })

  test('is not added to again when the answer is lost, unless `from` says where', async () => {
    await using server = await startServer()
    const job = await connect(server.url).submit([], { sealed: false })
    const { fetch } = lossy()
    const losing = connect(server.url, { fetch }).job(job.id)
    await expect(losing.add([sleep(0)])).rejects.toMatchObject({ code: 'unreachable' })
    expect((await job.snapshot()).counts.total).toBe(1)
  })
})

async function* take<T>(from: AsyncIterable<T>, count: number): AsyncGenerator<T, undefined> {
  let left = count
  for await (const item of from) {
    if (left === 0) return
    left -= 1
    yield item
  }
}
