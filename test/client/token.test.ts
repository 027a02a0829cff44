import { describe, expect, test } from 'bun:test'
import { sleep } from '../../src/client.ts'
import { startServer } from '../support/server.ts'
import { Chronicle } from './support/chronicle.ts'
import { endedEvent, jobEvent, jobId, jobView } from './support/events.ts'
import { connect, failOnLeaks, watched } from './support/leaks.ts'
import { collect, startClient } from './support/rig.ts'

failOnLeaks()

const secrets = ['first-secret-of-more-than-16', 'second-secret-of-more-than-16'] as const
const bearer = (token: string) => `Bearer ${token}`

/** A token that is another each time it is asked for, and how often that was. */
const rotating = () => {
  let asked = 0
  return {
    token: async () => `token ${++asked}`,
    get asked() {
      return asked
    },
  }
}

describe('a token that is asked for', () => {
  const start = (token: () => string | Promise<string>) => {
    const client = startClient({ token, retryMs: 1_000 })
    const seen: string[] = []
    /** The server takes these, and no other. */
    let valid = ['token 1']
    client.answer(async (request) => {
      const sent = request.headers.get('authorization') ?? ''
      seen.push(sent)
      return valid.map(bearer).includes(sent)
        ? Response.json(jobView())
        : Response.json({ code: 'unauthorized', detail: 'No.' }, { status: 401 })
    })
    return { ...client, seen, take: (...tokens: string[]) => (valid = tokens) }
  }

  test('is kept while the server takes it', async () => {
    const source = rotating()
    const client = start(source.token)
    expect(source.asked).toBe(0)
    await Promise.all([client.sheaf.job(jobId).snapshot(), client.sheaf.job(jobId).snapshot()])
    await client.sheaf.submit([])
    expect(client.seen).toEqual([1, 1, 1].map((n) => bearer(`token ${n}`)))
    expect(source.asked).toBe(1)
  })

  test('is asked for again, once for all who need it, when the server does not take it any more', async () => {
    const source = rotating()
    const client = start(source.token)
    await client.sheaf.job(jobId).snapshot()
    client.take('token 2')
    const jobs = await Promise.all([1, 2, 3].map(() => client.sheaf.job(jobId).snapshot()))
    expect(jobs).toHaveLength(3)
    expect(source.asked).toBe(2)
    // Nothing was done by what was refused: also what may not be said twice is.
    client.take('token 3')
    expect((await client.sheaf.job(jobId).retry()).id).toBe(jobId)
    expect(client.seen.slice(-2)).toEqual([bearer('token 2'), bearer('token 3')])
  })

  test('that is refused when it is new, too, is what the request fails with', async () => {
    const source = rotating()
    const client = start(source.token)
    client.take()
    await expect(client.sheaf.submit([])).rejects.toMatchObject({ code: 'unauthorized', status: 401 })
    expect(client.seen).toEqual([bearer('token 1'), bearer('token 2')])
    // One that stays the same is not sent twice.
    const same = start(() => 'always')
    await expect(same.sheaf.submit([])).rejects.toMatchObject({ code: 'unauthorized' })
    expect(same.seen).toEqual([bearer('always')])
  })

  test('and cannot be had is like a server that cannot be reached', async () => {
    let broken = 2
    const client = start(() => {
      if (broken-- > 0) throw new Error('No session')
      return 'token 1'
    })
    const job = client.sheaf.submit([])
    await client.clock.advance(1_000)
    expect((await job).id).toBe(jobId)
    broken = Infinity
    client.take()
    const error = client.sheaf.submit([]).catch((reason) => reason)
    await client.clock.advance(1_000)
    expect(await error).toMatchObject({ code: 'unreachable', cause: { message: 'No session' } })
    client.expectNothingOpen()
  })

  test('is asked for whenever the channel is opened', async () => {
    const source = rotating()
    const client = start(source.token)
    const events = collect(client.sheaf.job(jobId))
    const first = await client.accepted()
    expect(first.options).toEqual({ headers: { authorization: bearer('token 1') } })
    first.say(jobEvent(1))
    first.drop()
    await client.clock.advance(1_000)
    const second = await client.accepted()
    expect(second.options).toEqual({ headers: { authorization: bearer('token 2') } })
    second.say(endedEvent(2))
    expect(await events).toHaveLength(2)
    client.expectNothingOpen()
  })

  test('in vain opens no socket once nobody waits for one', async () => {
    const token = Promise.withResolvers<string>()
    const client = start(() => token.promise)
    const loop = client.sheaf.job(jobId).follow()
    const first = loop.next()
    await client.clock.advance(0)
    await loop.return?.()
    token.resolve('token 1')
    await client.clock.advance(0)
    expect((await first).done).toBe(true)
    expect(client.net.sockets).toEqual([])
    client.expectNothingOpen()
  })
})

describe('a server whose tokens change while it restarts', () => {
  test('is followed on with the new one', async () => {
    const open = watched()
    let current = 0
    await using server = await startServer({ env: { SHEAF_TOKENS: `submit:${secrets[0]}` } })
    const sheaf = connect(server.url, { ...open.options, token: () => secrets[current] ?? '' })
    const job = await sheaf.submit([sleep(1_000_000)])
    const chronicle = new Chronicle()
    let restarted: Awaited<ReturnType<typeof startServer>> | undefined
    for await (const event of job) {
      chronicle.take(event)
      if (restarted) continue
      await server.stop()
      current = 1
      restarted = await startServer({
        env: {
          SHEAF_TOKENS: `submit:${secrets[1]}`,
          SHEAF_DATABASE: server.database,
          PORT: String(server.port),
        },
      })
      await sheaf.job(job.id).cancel()
    }
    chronicle.expectComplete(1)
    await restarted?.[Symbol.asyncDispose]()
    await open.expectNothingOpen()
  })
})

describe('in a browser, whose WebSocket sends no headers', () => {
  /** What makes a page of this process, as far as the client looks. */
  const asPage = async (work: () => Promise<void>) => {
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
    Reflect.set(globalThis, 'document', page)
    try {
      await work()
    } finally {
      Reflect.deleteProperty(globalThis, 'document')
    }
  }

  test('the channel is opened with a ticket, a new one each time', () =>
    asPage(async () => {
      const client = startClient({ token: secrets[0] })
      let tickets = 0
      client.answer(async (request) => {
        expect(request.headers.get('authorization')).toBe(bearer(secrets[0]))
        return Response.json({ ticket: `ticket/${++tickets}`, expiresAt: '' }, { status: 201 })
      })
      const events = collect(client.sheaf.job(jobId))
      const first = await client.accepted()
      expect(client.requests).toEqual(['POST /base/tickets'])
      expect(first.url).toBe('ws://sheaf.test/base/events?ticket=ticket%2F1')
      first.say(jobEvent(1))
      first.drop()
      await client.clock.advance(1_000)
      const second = await client.accepted()
      expect(second.url).toBe('ws://sheaf.test/base/events?ticket=ticket%2F2')
      second.say(endedEvent(2))
      expect(await events).toHaveLength(2)
      client.expectNothingOpen()
    }))

  test('a ticket that is refused is the end; one that cannot be had now is asked for again', () =>
    asPage(async () => {
      const client = startClient({ token: secrets[0] })
      const answers = [
        () => Response.error(),
        () => Response.json({ code: 'unavailable', detail: 'Too many.' }, { status: 503 }),
        () => Response.json({ code: 'unauthorized', detail: 'No.' }, { status: 401 }),
      ]
      client.answer(async ({ url }) =>
        url.endsWith('/tickets') ? (answers.shift()?.() ?? Response.error()) : Response.error(),
      )
      const error = collect(client.sheaf.job(jobId)).catch((reason) => reason)
      await client.clock.advance(10_000)
      expect(await error).toMatchObject({ code: 'unauthorized', status: 401 })
      expect(answers).toEqual([])
      client.expectNothingOpen()
    }))

  test('a real server takes it', () =>
    asPage(async () => {
      const open = watched()
      await using server = await startServer({ env: { SHEAF_TOKENS: `submit:${secrets[0]}` } })
      const sheaf = connect(server.url, { ...open.options, token: secrets[0] })
      const chronicle = new Chronicle()
      await chronicle.takeAll(await sheaf.submit([sleep(0), sleep(1)]))
      chronicle.expectComplete(2)
      expect(open.opened).toBe(1)
      await open.expectNothingOpen()
    }))

  test('a page that is shown again or back online looks at its connection at once, and listens no longer than that is there', () =>
    asPage(async () => {
      const client = startClient({ heartbeatMs: 1_000 })
      const events = collect(client.sheaf.job(jobId))
      const first = await client.accepted()
      first.take()
      await client.clock.advance(500)
      document.dispatchEvent(new Event('visibilitychange'))
      expect(first.take()).toEqual([{ type: 'ping' }])
      first.drop()
      client.clock.random = () => 0.999
      await client.clock.advance(0)
      expect(client.net.sockets).toHaveLength(1)
      globalThis.dispatchEvent(new Event('online'))
      const second = await client.accepted()
      expect(client.net.sockets).toHaveLength(2)
      second.take()
      second.say(endedEvent(1))
      expect(await events).toHaveLength(1)
      globalThis.dispatchEvent(new Event('online'))
      await client.clock.advance(0)
      expect(client.net.sockets).toHaveLength(2)
      client.expectNothingOpen()
    }))
})
