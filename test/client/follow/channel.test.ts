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
