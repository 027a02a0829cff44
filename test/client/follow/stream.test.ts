import { describe, expect, test } from 'bun:test'
import type { ConnectOptions } from '../../../src/client.ts'
import { fakeClock } from '../../../src/testing/clock.ts'
import { endedEvent, jobEvent, jobId, progressEvent, tasksEvent } from '../support/events.ts'
import { connect, failOnLeaks } from '../support/leaks.ts'
import { collect } from '../support/rig.ts'
import { fakeStreams } from '../support/streams.ts'

failOnLeaks()

const start = (options: ConnectOptions = {}) => {
  const clock = fakeClock()
  const net = fakeStreams()
  const sheaf = connect(net.app, { clock, ...options })
  return {
    clock,
    net,
    job: sheaf.job(jobId),
    settle: () => clock.advance(0),
    expectNothingOpen() {
      expect(clock.pending).toBe(0)
      expect(net.streams.every(({ cancelled }) => cancelled)).toBe(true)
    },
  }
}

describe('a job that is followed over Server-Sent Events', () => {
  test('is asked for from where the loop begins', async () => {
    for (const [given, after] of [
      [{}, '0'],
      [{ after: 41 }, '41'],
      [{ after: 'now' }, null],
    ] as const) {
      const client = start()
      const events = collect(client.job.follow(given))
      await client.settle()
      expect(new URL(client.net.latest.request.url).pathname).toBe(`/jobs/${jobId}/events`)
      expect(client.net.latest.after).toBe(after)
      client.net.latest.say(endedEvent(50))
      expect(await events).toEqual([endedEvent(50)])
      await client.settle()
      client.expectNothingOpen()
    }
  })

  test('comes whole, however it was cut, between comments and retries', async () => {
    const client = start()
    const events = collect(client.job)
    await client.settle()
    const stream = client.net.latest
    const named = jobEvent(1, { name: 'Zoë 🧵\n\ndata: x' })
    stream.write('retry: 1000\n\n:\n\n')
    const bytes = new TextEncoder().encode(`event: job\nid: 1\ndata: ${JSON.stringify(named)}\n\n`)
    for (let at = 0; at < bytes.length; at += 7) stream.write(bytes.slice(at, at + 7))
    stream.write(':\n\n')
    stream.say(progressEvent(1))
    stream.say(endedEvent(2))
    expect(await events).toEqual([named, progressEvent(1), endedEvent(2)])
  })

  test('goes on where it was when the connection is lost, and when the server ends it', async () => {
    for (const cut of ['lose', 'end'] as const) {
      const client = start()
      const events = collect(client.job)
      await client.settle()
      client.net.latest.say(tasksEvent(1, 2))
      await client.settle()
      client.net.latest[cut]()
      await client.clock.advance(200)
      expect(client.net.latest.after).toBe('2')
      client.net.latest.say(tasksEvent(2, 3))
      client.net.latest.say(endedEvent(4))
      const { data } = tasksEvent(3)
      expect(await events).toEqual([tasksEvent(1, 2), { ...tasksEvent(2, 3), data }, endedEvent(4)])
      await client.settle()
      expect(client.clock.pending).toBe(0)
    }
  })

  test('is asked for anew when nothing is heard for two intervals', async () => {
    const client = start({ heartbeatMs: 1_000 })
    const events = collect(client.job)
    await client.settle()
    await client.clock.advance(1_999)
    client.net.latest.write(':\n\n')
    await client.clock.advance(1_999)
    expect(client.net.streams).toHaveLength(1)
    await client.clock.advance(201)
    expect(client.net.streams).toHaveLength(2)
    expect(client.net.streams[0]?.cancelled).toBe(true)
    client.net.latest.say(endedEvent(1))
    expect(await events).toEqual([endedEvent(1)])
    await client.settle()
    client.expectNothingOpen()
  })

  test('that is over, and was seen to its end, has nothing more to say', async () => {
    const client = start()
    client.net.answers.push(new Response(null, { status: 204 }))
    expect(await collect(client.job.follow({ after: 41 }))).toEqual([])
    client.expectNothingOpen()
  })

  test('is asked for with the filter of its loop; what a query cannot say, the loop leaves out itself', async () => {
    for (const [filter, query] of [
      [
        { states: ['failed', 'cancelled'], output: false } as const,
        'after=0&states=failed%2Ccancelled&output=false',
      ],
      [{ keys: ['a', 'b'] }, 'after=0&keys=a%2Cb'],
      [{ keys: ['a,b'] }, 'after=0'],
    ] as const) {
      const client = start()
      const events = collect(client.job.follow(filter))
      await client.settle()
      expect(new URL(client.net.latest.request.url).search).toBe(`?${query}`)
      client.net.latest.say(tasksEvent(1))
      client.net.latest.say(endedEvent(2))
      expect(await events).toEqual([endedEvent(2)])
      await client.settle()
      client.expectNothingOpen()
    }
  })

  test('is tried again while the server is not ready, and not when it refuses', async () => {
    const client = start()
    client.net.answers.push(
      Response.json({ code: 'unavailable', detail: 'Stopping.' }, { status: 503 }),
      new Response('Bad Gateway', { status: 502 }),
      Response.json({ code: 'not_found', detail: 'There is no job.' }, { status: 404 }),
    )
    const error = collect(client.job).catch((reason) => reason)
    await client.clock.advance(1_000)
    expect(await error).toMatchObject({ name: 'SheafError', code: 'not_found', message: 'There is no job.' })
    client.expectNothingOpen()
  })

  test('is given up when maxRetryMs is over', async () => {
    const client = start({ maxRetryMs: 1_000 })
    const error = collect(client.job).catch((reason) => reason)
    for (const _ of [1, 2, 3]) {
      await client.settle()
      client.net.latest.lose()
      await client.clock.advance(1_000)
    }
    expect(await error).toMatchObject({ code: 'unreachable' })
    expect(client.clock.pending).toBe(0)
  })

  test('is not read on while the loop is slow, and asked for again when it has caught up', async () => {
    const client = start({ buffer: 1 })
    const loop = client.job.follow()
    const first = loop.next()
    await client.settle()
    const [stream] = client.net.streams
    for (const seq of [1, 2, 3]) stream?.say(tasksEvent(seq))
    await client.settle()
    expect(stream?.cancelled).toBe(true)
    expect(client.net.streams).toHaveLength(1)
    expect((await first).value).toEqual(tasksEvent(1))
    expect((await loop.next()).value).toEqual(tasksEvent(2))
    await client.settle()
    expect(client.net.latest.after).toBe('2')
    client.net.latest.say(tasksEvent(3))
    client.net.latest.say(endedEvent(4))
    expect((await loop.next()).value).toEqual(tasksEvent(3))
    await loop.return?.()
    await client.settle()
    client.expectNothingOpen()
  })

  test('is let go of when the loop is left, by break or by its signal, also while it waits to ask again', async () => {
    const broken = start()
    const left = (async () => {
      for await (const _ of broken.job) break
    })()
    await broken.settle()
    broken.net.latest.say(jobEvent(1))
    await left
    await broken.settle()
    broken.expectNothingOpen()

    for (const lost of [false, true]) {
      const client = start()
      const abort = new AbortController()
      const next = client.job.follow({ signal: abort.signal }).next()
      await client.settle()
      if (lost) client.net.latest.lose()
      await client.settle()
      abort.abort('enough')
      await expect(next).rejects.toBe('enough')
      await client.settle()
      expect(client.clock.pending).toBe(0)
      expect(client.net.latest.cancelled).toBe(!lost)
    }
  })
})
