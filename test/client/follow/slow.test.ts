import { describe, expect, test } from 'bun:test'
import { endedEvent, jobEvent, jobId, progressEvent, tasksEvent } from '../support/events.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { collect, startClient } from '../support/rig.ts'

failOnLeaks()

const subscribe = (after?: number, job = jobId) => ({
  type: 'subscribe',
  job,
  ...(after !== undefined && { after }),
})
const unsubscribe = { type: 'unsubscribe', job: jobId }

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
