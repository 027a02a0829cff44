import { describe, expect, test } from 'bun:test'
import { SheafError } from '../../../src/client.ts'
import { endedEvent, jobEvent, jobId, progressEvent, tasksEvent } from '../support/events.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { collect, startClient } from '../support/rig.ts'

failOnLeaks()

const subscribe = (after?: number, job = jobId) => ({
  type: 'subscribe',
  job,
  ...(after !== undefined && { after }),
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

describe('a connection that the server closes', () => {
  test('because it was sent too much is not tried again: that would end in the same way', async () => {
    const client = startClient()
    const error = collect(client.sheaf.job(jobId)).catch((reason) => reason)
    const socket = await client.accepted()
    socket.drop(1009)
    expect(await error).toMatchObject({ name: 'SheafError', code: 'too_large' })
    client.expectNothingOpen()
  })

  test.each([1000, 1001, 1008, 1011, 1012, 1013])('with %p is won back', async (code) => {
    const client = startClient()
    const events = collect(client.sheaf.job(jobId))
    const first = await client.accepted()
    first.say(jobEvent(1))
    first.drop(code)
    await client.clock.advance(1_000)
    const second = await client.accepted()
    expect(second.take()).toEqual([subscribe(1)])
    second.say(endedEvent(2))
    expect(await events).toEqual([jobEvent(1), endedEvent(2)])
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
