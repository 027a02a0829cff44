import { describe, expect, test } from 'bun:test'
import { SheafError } from '../../../src/client.ts'
import { endedEvent, jobEvent, jobId, otherId, progressEvent, tasksEvent } from '../support/events.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { collect, startClient } from '../support/rig.ts'

failOnLeaks()

const subscribe = (after?: number, job = jobId) => ({
  type: 'subscribe',
  job,
  ...(after !== undefined && { after }),
})
const unsubscribe = { type: 'unsubscribe', job: jobId }

describe('the channel', () => {
  test('opens when a loop begins, and closes when the job has ended', async () => {
    const client = startClient()
    const loop = client.sheaf.job(jobId).follow()
    expect(client.net.sockets).toEqual([])
    const events = collect(loop)
    await client.clock.advance(0)
    expect(client.net.latest.url).toBe('ws://sheaf.test/base/events')
    const socket = await client.accepted()
    expect(socket.take()).toEqual([subscribe(0)])
    socket.say(tasksEvent(1, 2))
    socket.say(endedEvent(3))
    expect(await events).toEqual([tasksEvent(1, 2), endedEvent(3)])
    client.expectNothingOpen()
  })

  test('says where to begin', async () => {
    const client = startClient()
    const job = client.sheaf.job(jobId)
    for (const [given, sent] of [
      [{}, 0],
      [{ after: 0 }, 0],
      [{ after: 41 }, 41],
      [{ after: 'now' }, undefined],
    ] as const) {
      const loop = collect(job.follow(given))
      const socket = await client.accepted()
      expect(socket.take()).toEqual([subscribe(sent)])
      socket.say(endedEvent(50))
      expect(await loop).toEqual([endedEvent(50)])
    }
    client.expectNothingOpen()
  })

  test('a loop that begins now skips what was before its snapshot', async () => {
    const client = startClient()
    const events = collect(client.sheaf.job(jobId).follow({ after: 'now' }))
    const socket = await client.accepted()
    socket.say(progressEvent(1))
    socket.say(tasksEvent(7))
    socket.say(jobEvent(8))
    socket.say(progressEvent(2))
    socket.say(tasksEvent(9))
    socket.say(endedEvent(10))
    expect(await events).toEqual([jobEvent(8), progressEvent(2), tasksEvent(9), endedEvent(10)])
  })

  test('carries many jobs over one socket, which stays until the last has ended', async () => {
    const client = startClient()
    const one = collect(client.sheaf.job(jobId))
    const other = collect(client.sheaf.job(otherId))
    const socket = await client.accepted()
    expect(socket.take()).toEqual([subscribe(0), subscribe(0, otherId)])
    socket.say(tasksEvent(1))
    socket.say(endedEvent(5, { id: otherId }))
    expect(await other).toEqual([endedEvent(5, { id: otherId })])
    expect(socket.closed).toBe(false)
    socket.say(endedEvent(2))
    expect(await one).toEqual([tasksEvent(1), endedEvent(2)])
    expect(client.net.sockets).toHaveLength(1)
    client.expectNothingOpen()
  })

  test('does not mind what it does not know', async () => {
    const client = startClient()
    const events = collect(client.sheaf.job(jobId))
    const socket = await client.accepted()
    for (const text of ['', 'null', '[]', '{}', 'not JSON', undefined]) socket.sayText(text)
    socket.say({ type: 'weather', sun: true })
    socket.say({ ...tasksEvent(1), job: otherId })
    socket.say({ type: 'pong', id: 'whatever' })
    socket.say(endedEvent(2))
    expect(await events).toEqual([endedEvent(2)])
  })

  test('sends the token with the handshake', async () => {
    const client = startClient({ token: 'secret-of-16-chars' })
    const loop = client.sheaf.job(jobId).follow()
    const next = loop.next()
    await client.clock.advance(0)
    expect(client.net.latest.options).toEqual({ headers: { authorization: 'Bearer secret-of-16-chars' } })
    await loop.return?.()
    expect(await next).toEqual({ done: true, value: undefined })
  })
})

describe('a lost connection', () => {
  test('is won back, and the loop goes on where it was, without a gap or a repetition', async () => {
    const client = startClient()
    const events = collect(client.sheaf.job(jobId))
    await client.accepted()
    client.net.latest.say(jobEvent(0))
    client.net.latest.say(tasksEvent(1, 2))
    client.net.latest.drop()
    expect(client.net.sockets).toHaveLength(1)
    await client.clock.advance(200)
    expect(client.net.sockets).toHaveLength(2)
    const socket = await client.accepted()
    expect(socket.take()).toEqual([subscribe(2)])
    socket.say(tasksEvent(1, 2))
    socket.say(tasksEvent(2, 3, 4))
    socket.say(jobEvent(4))
    socket.say(jobEvent(4))
    socket.say(endedEvent(5))
    const { data } = tasksEvent(3, 4)
    expect(await events).toEqual([
      jobEvent(0),
      tasksEvent(1, 2),
      { ...tasksEvent(2, 3, 4), data },
      jobEvent(4),
      endedEvent(5),
    ])
    client.expectNothingOpen()
  })

  test('before the snapshot came is begun anew from now', async () => {
    const client = startClient()
    const events = collect(client.sheaf.job(jobId).follow({ after: 'now' }))
    await client.accepted()
    client.net.latest.drop()
    await client.clock.advance(200)
    const socket = await client.accepted()
    expect(socket.take()).toEqual([subscribe()])
    socket.say(endedEvent(2))
    expect(await events).toEqual([endedEvent(2)])
  })

  test('says nothing more: what arrives over the old socket is not heard', async () => {
    const client = startClient()
    const events = collect(client.sheaf.job(jobId))
    const old = await client.accepted()
    old.drop()
    await client.clock.advance(200)
    const socket = await client.accepted()
    old.say(tasksEvent(99))
    old.drop()
    socket.say(endedEvent(2))
    expect(await events).toEqual([endedEvent(2)])
    client.expectNothingOpen()
  })

  test('is tried at growing distances with full jitter, 10 seconds at most, for ever', async () => {
    const client = startClient()
    client.clock.random = () => 0.5
    const loop = client.sheaf.job(jobId).follow()
    const next = loop.next()
    await client.clock.advance(0)
    for (const wait of [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]) {
      const { length } = client.net.sockets
      client.net.latest.drop()
      await client.clock.advance(wait - 1)
      expect(client.net.sockets).toHaveLength(length)
      await client.clock.advance(1)
      expect(client.net.sockets).toHaveLength(length + 1)
    }
    await loop.return?.()
    await next
    client.expectNothingOpen()
  })

  test('to a server that takes connections and drops them is not tried any sooner', async () => {
    const client = startClient()
    client.clock.random = () => 0.5
    const loop = client.sheaf.job(jobId).follow()
    const next = loop.next()
    for (const wait of [100, 200, 400]) {
      const socket = await client.accepted()
      const { length } = client.net.sockets
      socket.drop()
      await client.clock.advance(wait - 1)
      expect(client.net.sockets).toHaveLength(length)
      await client.clock.advance(1)
    }
    await client.accepted()
    client.net.latest.say(jobEvent(1))
    await next
    const { length } = client.net.sockets
    client.net.latest.drop()
    await client.clock.advance(100)
    expect(client.net.sockets).toHaveLength(length + 1)
    await loop.return?.()
    client.expectNothingOpen()
  })

  test('is given up when maxRetryMs is over; a new loop tries anew', async () => {
    const client = startClient({ maxRetryMs: 1_000 })
    client.clock.random = () => 0.5
    const job = client.sheaf.job(jobId)
    for (const _ of [1, 2]) {
      const before = client.net.sockets.length
      const error = collect(job).catch((reason) => reason)
      await client.clock.advance(0)
      while (client.clock.pending > 0) {
        client.net.latest.drop()
        await client.clock.advance(1_000)
      }
      expect(await error).toMatchObject({ name: 'SheafError', code: 'unreachable' })
      expect(client.net.sockets.length - before).toBe(2)
      client.expectNothingOpen()
    }
  })

  test('after a handshake that fails for want of a right ends with the reason, which is asked over HTTP', async () => {
    const client = startClient()
    const error = collect(client.sheaf.job(jobId)).catch((reason) => reason)
    client.answer(async () =>
      Response.json(
        { code: 'unauthorized', detail: 'The token is not one of this server.' },
        { status: 401 },
      ),
    )
    await client.clock.advance(0)
    client.net.latest.drop()
    expect(await error).toEqual(
      new SheafError('unauthorized', 'The token is not one of this server.', { status: 401 }),
    )
    expect(client.requests).toEqual([`GET /base/jobs/${jobId}`])
    client.expectNothingOpen()
  })

  test('after a handshake that fails for another reason is tried again', async () => {
    const client = startClient()
    const events = collect(client.sheaf.job(jobId))
    await client.clock.advance(0)
    for (const status of [503, 404, 500]) {
      client.answer(async () => Response.json({ code: 'unavailable', detail: '' }, { status }))
      client.net.latest.drop()
      await client.clock.advance(1_000)
    }
    await client.accepted()
    client.net.latest.say(endedEvent(1))
    expect(await events).toEqual([endedEvent(1)])
    client.expectNothingOpen()
  })
})

describe('a silent connection', () => {
  test('is asked for a sign of life, and opened anew after two intervals without', async () => {
    const client = startClient({ heartbeatMs: 1_000 })
    const events = collect(client.sheaf.job(jobId))
    const socket = await client.accepted()
    socket.say(jobEvent(1))
    socket.take()
    await client.clock.advance(1_000)
    expect(socket.take()).toEqual([{ type: 'ping' }])
    socket.say({ type: 'pong' })
    await client.clock.advance(1_000)
    expect(socket.take()).toEqual([{ type: 'ping' }])
    socket.say(progressEvent(1))
    await client.clock.advance(1_999)
    expect(client.net.sockets).toHaveLength(1)
    await client.clock.advance(1_201)
    expect(socket.closed).toBe(true)
    expect(client.net.sockets).toHaveLength(2)
    await client.accepted()
    client.net.latest.say(endedEvent(2))
    expect(await events).toEqual([jobEvent(1), progressEvent(1), endedEvent(2)])
    client.expectNothingOpen()
  })

  test('that was never established is opened anew, too', async () => {
    const client = startClient({ heartbeatMs: 1_000 })
    const events = collect(client.sheaf.job(jobId))
    await client.clock.advance(2_200)
    expect(client.net.sockets).toHaveLength(2)
    await client.accepted()
    client.net.latest.say(endedEvent(2))
    expect(await events).toEqual([endedEvent(2)])
    client.expectNothingOpen()
  })
})

describe('a refusal', () => {
  test('of one job ends its loop with the code, and no other', async () => {
    const client = startClient()
    const refused = collect(client.sheaf.job(jobId)).catch((error) => error)
    const other = collect(client.sheaf.job(otherId))
    const socket = await client.accepted()
    socket.say({ type: 'error', code: 'not_found', message: 'There is no job.', job: jobId })
    expect(await refused).toEqual(new SheafError('not_found', 'There is no job.'))
    socket.say(endedEvent(1, { id: otherId }))
    expect(await other).toHaveLength(1)
    client.expectNothingOpen()
  })

  test('that names no job ends the loops of which nothing was heard yet', async () => {
    const client = startClient()
    const answered = collect(client.sheaf.job(otherId))
    const socket = await client.accepted()
    socket.say(jobEvent(1, { id: otherId }))
    const refused = collect(client.sheaf.job(jobId)).catch((error) => error)
    socket.say({ type: 'error', code: 'conflict', message: 'Too many.' })
    expect(await refused).toMatchObject({ code: 'conflict', message: 'Too many.' })
    socket.say(endedEvent(2, { id: otherId }))
    expect(await answered).toHaveLength(2)
    client.expectNothingOpen()
  })
})

describe('a slow loop', () => {
  test('lets the server hold on when its buffer is full, and resumes after the last it has taken', async () => {
    const client = startClient({ buffer: 2 })
    const loop = client.sheaf.job(jobId).follow()
    const first = loop.next()
    const socket = await client.accepted()
    socket.take()
    for (const seq of [1, 2, 3]) socket.say(tasksEvent(seq))
    expect(socket.take()).toEqual([])
    socket.say(tasksEvent(4))
    expect(socket.take()).toEqual([unsubscribe, { type: 'ping', id: 1 }])
    // What was on its way when the server heard of it.
    socket.say(tasksEvent(5))
    socket.say({ type: 'pong', id: 1 })
    expect(socket.take()).toEqual([])

    expect((await first).value).toEqual(tasksEvent(1))
    expect((await loop.next()).value).toEqual(tasksEvent(2))
    expect(socket.take()).toEqual([])
    expect((await loop.next()).value).toEqual(tasksEvent(3))
    expect(socket.take()).toEqual([subscribe(3)])
    socket.say(tasksEvent(4, 5))
    socket.say(endedEvent(6))
    expect((await loop.next()).value).toEqual(tasksEvent(4, 5))
    expect((await loop.next()).value).toEqual(endedEvent(6))
    expect(await loop.next()).toEqual({ done: true, value: undefined })
    client.expectNothingOpen()
  })

  test('that has caught up asks again only when the old subscription is over: its last events would leave a gap', async () => {
    const client = startClient({ buffer: 1 })
    const loop = client.sheaf.job(jobId).follow()
    const first = loop.next()
    const socket = await client.accepted()
    for (const seq of [1, 2, 3]) socket.say(tasksEvent(seq))
    socket.take()
    await first
    expect((await loop.next()).value).toEqual(tasksEvent(2))
    // It listens again, but what comes now is still of the old subscription.
    socket.say(tasksEvent(7))
    socket.say({ type: 'pong' })
    socket.say({ type: 'pong', id: 12 })
    expect(socket.take()).toEqual([])
    socket.say({ type: 'pong', id: 1 })
    expect(socket.take()).toEqual([subscribe(2)])
    socket.say(tasksEvent(3, 7))
    expect((await loop.next()).value).toEqual(tasksEvent(3, 7))
    await loop.return?.()
    client.expectNothingOpen()
  })

  test('misses progress, and is not held to be behind for it', async () => {
    const client = startClient({ buffer: 1 })
    const events = client.sheaf.job(jobId).follow()
    const first = events.next()
    const socket = await client.accepted()
    socket.say(jobEvent(1))
    socket.say(tasksEvent(2))
    socket.say(progressEvent(1))
    socket.say(progressEvent(2))
    await first
    expect((await events.next()).value).toEqual(tasksEvent(2))
    socket.say(endedEvent(3))
    expect((await events.next()).value).toEqual(endedEvent(3))
    expect(socket.take()).toEqual([subscribe(0)])
    client.expectNothingOpen()
  })

  test('that is behind when the connection is lost resumes when it has caught up', async () => {
    const client = startClient({ buffer: 1 })
    const loop = client.sheaf.job(jobId).follow()
    const first = loop.next()
    const socket = await client.accepted()
    for (const seq of [1, 2, 3]) socket.say(tasksEvent(seq))
    socket.drop()
    await client.clock.advance(200)
    const next = await client.accepted()
    expect(next.take()).toEqual([])
    await first
    expect((await loop.next()).value).toEqual(tasksEvent(2))
    expect(next.take()).toEqual([subscribe(2)])
    next.say(endedEvent(3))
    expect((await loop.next()).value).toEqual(endedEvent(3))
    client.expectNothingOpen()
  })

  test('gets all that was put before the job ended, or the loop failed', async () => {
    const client = startClient()
    const loop = client.sheaf.job(jobId).follow()
    const first = loop.next()
    const socket = await client.accepted()
    socket.say(jobEvent(1))
    socket.say(tasksEvent(2))
    socket.say({ type: 'error', code: 'not_found', message: 'gone', job: jobId })
    client.expectNothingOpen()
    await first
    expect((await loop.next()).value).toEqual(tasksEvent(2))
    await expect(loop.next()).rejects.toMatchObject({ code: 'not_found' })
    expect(await loop.next()).toEqual({ done: true, value: undefined })
  })
})

describe('several loops over one job', () => {
  test('share a subscription, which begins where the one furthest back is', async () => {
    const client = startClient()
    const job = client.sheaf.job(jobId)
    const one = collect(job)
    const socket = await client.accepted()
    socket.say(tasksEvent(1, 2))
    socket.take()

    const two = collect(job.follow({ after: 1 }))
    const three = collect(job.follow({ after: 'now' }))
    expect(socket.take()).toEqual([unsubscribe, { type: 'ping', id: 1 }])
    socket.pong()
    socket.say({ type: 'pong', id: 1 })
    expect(socket.take()).toEqual([subscribe(1)])
    socket.say(tasksEvent(2))
    socket.say(jobEvent(2))
    socket.say(tasksEvent(3))
    socket.say(endedEvent(4))
    expect(await one).toEqual([tasksEvent(1, 2), jobEvent(2), tasksEvent(3), endedEvent(4)])
    expect(await two).toEqual([tasksEvent(2), jobEvent(2), tasksEvent(3), endedEvent(4)])
    expect(await three).toEqual([jobEvent(2), tasksEvent(3), endedEvent(4)])
    client.expectNothingOpen()
  })

  test('one that is slow holds up no other', async () => {
    const client = startClient({ buffer: 2 })
    const job = client.sheaf.job(jobId)
    const slow = job.follow()
    const first = slow.next()
    const fast = collect(job)
    const socket = await client.accepted()
    socket.take()
    for (const seq of [1, 2, 3, 4, 5, 6]) {
      socket.say(tasksEvent(seq))
      await client.clock.advance(0)
    }
    expect(socket.take()).toEqual([])
    await first
    await slow.next()
    expect((await slow.next()).value).toEqual(tasksEvent(3))
    socket.say({ type: 'pong', id: 1 })
    expect(socket.take()).toEqual([unsubscribe, { type: 'ping', id: 1 }, subscribe(3)])
    socket.say(tasksEvent(4, 5, 6))
    socket.say(endedEvent(7))
    expect((await slow.next()).value).toEqual(tasksEvent(4, 5, 6))
    expect((await slow.next()).value).toEqual(endedEvent(7))
    expect(await fast).toEqual([...[1, 2, 3, 4, 5, 6].map((seq) => tasksEvent(seq)), endedEvent(7)])
    client.expectNothingOpen()
  })
})

describe('a loop that is left', () => {
  test('by break takes its subscription back, and with the last one the socket closes', async () => {
    const client = startClient()
    const other = client.sheaf.job(otherId).follow()
    const waiting = other.next()
    const left = (async () => {
      for await (const _ of client.sheaf.job(jobId)) break
    })()
    const socket = await client.accepted()
    socket.take()
    socket.say(jobEvent(1))
    await left
    expect(socket.take()).toEqual([unsubscribe, { type: 'ping', id: 1 }])
    expect(socket.closed).toBe(false)
    await other.return?.()
    expect(await waiting).toEqual({ done: true, value: undefined })
    client.expectNothingOpen()
  })

  test('by its signal rejects with the reason at once, whatever waits for it', async () => {
    const client = startClient()
    const abort = new AbortController()
    const loop = client.sheaf.job(jobId).follow({ signal: abort.signal })
    const first = loop.next()
    const socket = await client.accepted()
    for (const seq of [1, 2, 3]) socket.say(tasksEvent(seq))
    await first
    abort.abort('enough')
    await expect(loop.next()).rejects.toBe('enough')
    expect(await loop.next()).toEqual({ done: true, value: undefined })
    client.expectNothingOpen()
  })

  test('by a signal that was aborted before opens nothing', async () => {
    const client = startClient()
    const loop = client.sheaf.job(jobId).follow({ signal: AbortSignal.abort('too late') })
    await expect(loop.next()).rejects.toBe('too late')
    expect(client.net.sockets).toEqual([])
  })

  test('before it began opens nothing', async () => {
    const client = startClient()
    const loop = client.sheaf.job(jobId).follow()
    expect(await loop.return?.()).toEqual({ done: true, value: undefined })
    expect(await loop.next()).toEqual({ done: true, value: undefined })
    expect(client.net.sockets).toEqual([])
  })

  test('while the connection is won back stops that', async () => {
    const client = startClient()
    const loop = client.sheaf.job(jobId).follow()
    const next = loop.next()
    await client.clock.advance(0)
    client.net.latest.drop()
    expect(client.clock.pending).toBe(1)
    await loop.return?.()
    await next
    client.expectNothingOpen()
  })
})

describe('close', () => {
  test('ends every loop and every wait, and leaves nothing open', async () => {
    const client = startClient()
    const job = client.sheaf.job(jobId)
    const waits = [collect(job), job.ended(), job.decided()].map((wait) => wait.catch((error) => error.code))
    await client.accepted()
    await client.sheaf.close()
    expect(await Promise.all(waits)).toEqual(['closed', 'closed', 'closed'])
    client.expectNothingOpen()
    await client.sheaf.close()
    await expect(collect(job)).rejects.toMatchObject({ code: 'closed' })
    client.expectNothingOpen()
  })

  test('happens at the end of `await using`', async () => {
    const client = startClient()
    let wait: Promise<unknown>
    {
      await using sheaf = client.sheaf
      wait = sheaf
        .job(jobId)
        .ended()
        .catch((error) => error.code)
    }
    expect(await wait).toBe('closed')
  })
})
