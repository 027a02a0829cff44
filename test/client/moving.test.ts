import { describe, expect, test } from 'bun:test'
import { call, sleep } from '../../src/client.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { startServer } from '../support/server.ts'
import { Chronicle } from './support/chronicle.ts'
import { endedEvent, jobEvent, jobId, jobView, tasksEvent } from './support/events.ts'
import { createGate } from './support/gate.ts'
import { connect, failOnLeaks, watched } from './support/leaks.ts'
import { startProxy } from './support/proxy.ts'
import { collect, startClient } from './support/rig.ts'

failOnLeaks()

/** A server that says of everything that it is elsewhere, and counts who asks. */
const startSign = (to: string, status = 308) => {
  let asked = 0
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request) {
      asked += 1
      const { pathname, search } = new URL(request.url)
      return new Response(null, { status, headers: { location: `${to}${pathname}${search}` } })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    get asked() {
      return asked
    },
    [Symbol.dispose]: () => void server.stop(true),
  }
}

describe('a server that moves', () => {
  test('is found by a function, and a loop goes on without a gap on another port', async () => {
    const gate = createGate()
    const open = watched()
    await using old = await startServer({ handlers: [gate.handler] })
    let url = old.url
    const sheaf = connect(() => url, open.options)
    const names = Array.from({ length: 8 }, (_, index) => `task ${index}`)
    const job = await sheaf.submit(names.map((name) => call('gate', name)))
    for (const name of names.slice(0, 4)) gate.succeed(name)
    const chronicle = new Chronicle()
    let next: Awaited<ReturnType<typeof startServer>> | undefined
    for await (const event of job) {
      chronicle.take(event)
      if (chronicle.ends.size < 4 || next) continue
      await old.stop()
      next = await startServer({ env: { SHEAF_DATABASE: old.database }, handlers: [gate.handler] })
      expect(next.port).not.toBe(old.port)
      url = next.url
      for (const name of names) gate.succeed(name)
    }
    chronicle.expectComplete(8)
    expect((await job.snapshot()).state).toBe('succeeded')
    await next?.[Symbol.asyncDispose]()
    await open.expectNothingOpen()
  })

  test('is asked for when it is needed, once for all, and again when it is not reached or has gone', async () => {
    const asked: string[] = []
    const hosts = ['one', 'two', 'three', 'four']
    const target = async () => {
      const url = `http://${hosts[asked.length]}.test`
      asked.push(url)
      return url
    }
    const answers: Record<string, () => Response> = {
      'one.test': () => Response.json(jobView()),
      'two.test': () => Response.error(),
      'three.test': () => new Response('Gone', { status: 410 }),
      'four.test': () => Response.json(jobView({ name: 'four' })),
    }
    let down = false
    const fetch = async (url: string) => {
      if (down && url.includes('one.test')) throw new TypeError('no network')
      if (url.includes('two.test')) throw new TypeError('no network')
      return answers[new URL(url).host]?.() ?? Response.error()
    }
    const clock = fakeClock()
    const job = connect(target, { fetch, clock }).job(jobId)
    expect(asked).toEqual([])
    await Promise.all([job.snapshot(), job.snapshot()])
    expect(asked).toHaveLength(1)
    down = true
    const gone = job.snapshot().catch((error) => error)
    await clock.advance(1_000)
    expect(await gone).toMatchObject({ code: 'unexpected_answer', status: 410 })
    expect((await job.snapshot()).name).toBe('four')
    expect(asked).toHaveLength(4)
    expect(clock.pending).toBe(0)
  })

  test('to no URL, or for whose place nobody can be asked, is one that is not reached', async () => {
    for (const target of [
      () => 'ftp://localhost',
      async () => {
        throw new Error('No answer from the directory')
      },
    ]) {
      const sheaf = connect(target, { retryMs: 0 })
      const error = await sheaf.submit([]).catch((reason) => reason)
      expect(error).toMatchObject({ code: 'unreachable' })
      expect(error.message).toMatch(/^No answer from the server: (Expected "url"|No answer from the dir)/)
    }
  })
})

describe('a redirect', () => {
  test.each([301, 302, 307, 308])(
    'with %p takes the request along, whatever its method, and all that follow, and the channel',
    async (status) => {
      const open = watched()
      await using server = await startServer()
      using sign = startSign(server.url, status)
      const sheaf = connect(sign.url, open.options)
      const job = await sheaf.submit([sleep(0)], { name: 'moved' })
      expect(sign.asked).toBe(1)
      const chronicle = new Chronicle()
      await chronicle.takeAll(job)
      chronicle.expectComplete(1)
      expect((await job.snapshot()).name).toBe('moved')
      expect(sign.asked).toBe(1)
      await open.expectNothingOpen()
    },
  )

  test('is heeded by the channel that met it first', async () => {
    const open = watched()
    await using server = await startServer()
    using sign = startSign(server.url)
    const { id } = await connect(server.url).submit([sleep(0)])
    const chronicle = new Chronicle()
    await chronicle.takeAll(connect(sign.url, open.options).job(id))
    chronicle.expectComplete(1)
    await open.expectNothingOpen()
  })

  test('to another origin does not take a token along: it is the answer', async () => {
    const asked: string[] = []
    const sheaf = connect('http://one.test', {
      token: 'a-secret-of-more-than-16',
      fetch: async (url) => {
        asked.push(new URL(url).host)
        return new Response(null, { status: 308, headers: { location: url.replace('one', 'two') } })
      },
    })
    const error = await sheaf
      .job(jobId)
      .snapshot()
      .catch((reason) => reason)
    expect(error).toMatchObject({ code: 'unexpected_answer', status: 308 })
    expect(error.message).toContain(`which leads to http://two.test/jobs/${jobId}.`)
    expect(asked).toEqual(['one.test'])
  })

  test('to another path, or one without an end, is no answer of Sheaf', async () => {
    const client = startClient()
    const leadTo = (location: string) =>
      client.answer(async () => new Response(null, { status: 302, headers: { location } }))
    leadTo('https://login.test/')
    const login = await client.sheaf.submit([]).catch((reason) => reason)
    expect(login.message).toContain('with status 302, which leads to https://login.test/.')
    expect(client.requests).toHaveLength(1)
    leadTo(`/base/jobs/${jobId}`)
    await expect(client.sheaf.job(jobId).snapshot()).rejects.toMatchObject({ status: 302 })
    expect(client.requests).toHaveLength(7)
  })
})

describe('a machine that slept', () => {
  test('looks at its connection as soon as it is awake, and goes on where it was', async () => {
    const clock = fakeClock()
    let slept = 0
    const client = startClient({ clock: { ...clock, now: () => clock.now() + slept } })
    const events = collect(client.sheaf.job(jobId))
    await clock.advance(0)
    const before = client.net.latest
    before.accept()
    before.say(tasksEvent(1))
    slept = 8 * 3_600_000
    await clock.advance(15_000)
    expect(before.closed).toBe(true)
    await clock.advance(1_000)
    const { latest } = client.net
    latest.accept()
    expect(latest.take()).toEqual([{ type: 'subscribe', job: jobId, after: 1 }])
    latest.say(endedEvent(2))
    expect(await events).toEqual([tasksEvent(1), endedEvent(2)])
    expect(clock.pending).toBe(0)
  })
})

describe('a connection that is dead, and does not say so', () => {
  test('is noticed within two heartbeats, and replaced: the loop misses nothing', async () => {
    const gate = createGate()
    const clock = fakeClock()
    const open = watched()
    await using server = await startServer({ handlers: [gate.handler] })
    using proxy = startProxy(server.url)
    const job = await connect(server.url).submit(['a', 'b'].map((name) => call('gate', name)))
    const sheaf = connect(proxy.url, { ...open.options, clock, heartbeatMs: 15_000 })
    const chronicle = new Chronicle()
    const loop = sheaf.job(job.id).follow()
    chronicle.take((await loop.next()).value ?? jobEvent(0))
    proxy.swallow()
    gate.succeed('a')
    gate.succeed('b')
    await job.ended()
    await clock.advance(30_000)
    expect(open.opened).toBe(1)
    await clock.advance(200)
    await chronicle.takeAll(loop)
    chronicle.expectComplete(2)
    expect(open.opened).toBe(2)
    expect(clock.pending).toBe(0)
  })
})
