import { describe, expect, test } from 'bun:test'
import { mostSubscriptions } from '../../src/http/channel/bounds.ts'
import type { ServerMessage } from '../../src/job/events.ts'
import { Probe } from '../engine/kit/probe.ts'
import { echoing, holding, startApp } from './rig.ts'
import { Channel, isEnd } from './socket.ts'

const missing = '01900000-0000-7000-8000-000000000000'

/** What is told of tasks, in the order it came: `[index, state]`. */
const told = (messages: ServerMessage[]) =>
  messages.flatMap((message) =>
    message.type === 'tasks' ? message.data.map(({ index, state }) => [index, state]) : [],
  )

describe('a subscription', () => {
  test('starts with a snapshot, tells what happens, and ends with the job', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    const { id } = await rig.submit([holding(), holding()])
    const [first, second] = await rig.runs.started(2)
    channel.subscribe(id)
    expect(await channel.next()).toMatchObject({ type: 'job', job: id, data: { state: 'running' } })
    first?.succeed('a')
    expect(await channel.next()).toMatchObject({ type: 'tasks', job: id, data: [{ index: 0, output: 'a' }] })
    second?.succeed('b')
    const rest = await channel.until(isEnd(id))
    expect(told(rest)).toEqual([[1, 'succeeded']])
    expect(await channel.flush()).toEqual([])
  })

  test('with after gives what changed since, of a job that has ended too', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    const { id, seq } = await rig.run([echoing('a'), echoing('b')])
    channel.subscribe(id, 0)
    expect(told(await channel.until(isEnd(id)))).toEqual([
      [0, 'succeeded'],
      [1, 'succeeded'],
    ])
    channel.subscribe(id, seq)
    expect(told(await channel.until(isEnd(id)))).toEqual([])
  })

  test('stands beside any number of others on one socket', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    const jobs = await Promise.all(Array.from({ length: 50 }, () => rig.submit([holding()])))
    for (const { id } of jobs) channel.subscribe(id)
    for (const run of await rig.runs.started(50)) run.succeed()
    const ended = new Set<string>()
    while (ended.size < 50) {
      const message = await channel.next()
      if (message.type === 'job' && message.data.finishedAt !== null) ended.add(message.job)
    }
    expect(ended).toEqual(new Set(jobs.map(({ id }) => id)))
  })

  test('takes the place of an earlier one to the same job', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    for (let time = 0; time < 5; time += 1) {
      channel.subscribe(id)
      await channel.next()
    }
    run.succeed()
    expect(told(await channel.until(isEnd(id)))).toEqual([[0, 'succeeded']])
    expect(await channel.flush()).toEqual([])
  })

  test('ends when it is taken back, which may be done twice', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    channel.subscribe(id)
    await channel.next()
    channel.send({ type: 'unsubscribe', job: id.toUpperCase() })
    channel.send({ type: 'unsubscribe', job: id })
    expect(await channel.flush()).toEqual([])
    run.succeed()
    await rig.clock.advance(0)
    expect(await channel.flush()).toEqual([])
  })

  test('costs the engine nothing once its socket has closed', async () => {
    await using rig = await startApp()
    const channel = await Channel.open(rig.listen())
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    channel.subscribe(id)
    await channel.next()
    expect(rig.streams.size).toBe(1)
    channel.socket.close()
    await channel.closed
    await rig.clock.advance(0)
    expect(rig.streams.size).toBe(0)
    run.succeed()
  })
})

describe('a message that is not allowed is answered with an error, and changes nothing else', () => {
  test.each<[message: unknown, code: string, text: string]>([
    ['', 'malformed', 'Expected a message in JSON, got "".'],
    ['hello', 'malformed', 'Expected a message in JSON, got "hello".'],
    ['{"type":"ping"', 'malformed', 'Expected a message in JSON, got "{\\"type\\":\\"ping\\"".'],
    ['007', 'malformed', 'Expected a message in JSON, got "007".'],
    ['7', 'malformed', 'Expected a JSON object with a "type", got 7.'],
    ['true', 'malformed', 'Expected a JSON object with a "type", got true.'],
    ['null', 'malformed', 'Expected a JSON object with a "type", got null.'],
    ['[]', 'malformed', 'Expected a JSON object with a "type", got [].'],
    ['"{\\"type\\":\\"ping\\"}"', 'malformed', 'Expected a JSON object with a "type", got "{'],
    [{}, 'invalid', 'Expected "type" to be one of subscribe, unsubscribe, ping, got nothing.'],
    [
      { type: 'publish' },
      'invalid',
      'Expected "type" to be one of subscribe, unsubscribe, ping, got "publish".',
    ],
    [{ type: 'toString' }, 'invalid', 'got "toString".'],
    [{ type: 'ping', it: 1 }, 'invalid', 'Unknown field "it"'],
    [{ type: 'ping', id: {} }, 'invalid', 'Expected "id"'],
    [{ type: 'subscribe' }, 'invalid', 'Expected "job" to be a string in the format "uuid", got nothing.'],
    [{ type: 'subscribe', job: 7 }, 'invalid', 'Expected "job" to be a string in the format "uuid", got 7.'],
    [
      { type: 'subscribe', job: 'x' },
      'invalid',
      'Expected "job" to be a string in the format "uuid", got "x".',
    ],
    [
      { type: 'subscribe', job: missing, after: '1' },
      'invalid',
      'Expected "after" to be a whole number of at least 0, got "1".',
    ],
    [{ type: 'subscribe', job: missing, after: -1 }, 'invalid', 'Expected "after" of at least 0, got -1.'],
    [
      `{"type":"subscribe","job":"${missing}","after":1e999}`,
      'invalid',
      'Expected "after" to be a whole number of at least 0, got Infinity.',
    ],
    [{ type: 'subscribe', job: missing, afer: 1 }, 'invalid', 'did you mean "after"?'],
    [{ type: 'subscribe', job: missing }, 'not_found', `There is no job ${missing}.`],
    [{ type: 'subscribe', queues: '' }, 'invalid', 'Expected "queues" to be a string of 1 to 200'],
    [{ type: 'subscribe', queues: [] }, 'invalid', 'Expected "queues" to be '],
    [{ type: 'subscribe', queues: ['a', 7] }, 'invalid', 'Expected "queues[1]" to be a string of 1 to 200'],
    [{ type: 'subscribe', queues: 'a', job: missing }, 'invalid', 'Unknown field "job"'],
    [{ type: 'subscribe', queues: 'a', after: 0 }, 'invalid', 'Unknown field "after"'],
    [{ type: 'unsubscribe', queues: 7 }, 'invalid', 'Expected "queues" to be '],
  ])('%j', async (message, code, text) => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    channel.subscribe(id)
    await channel.next()

    channel.send(message)
    const answer = await channel.next()
    expect(answer).toMatchObject({ type: 'error', code, message: expect.stringContaining(text) })
    if (Object(message).job === missing) expect(answer).toMatchObject({ job: missing })

    run.succeed()
    expect(told(await channel.until(isEnd(id)))).toEqual([[0, 'succeeded']])
  })

  test('an after that lies in the future', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    const { id, seq } = await rig.run([])
    channel.subscribe(id, seq + 1)
    expect(await channel.next()).toEqual({
      type: 'error',
      code: 'invalid',
      job: id,
      message: `Expected "after" between 0 and ${seq}, the latest seq of the job, got ${seq + 1}.`,
    })
  })

  test('a failure of the server, without a word of what it was', async () => {
    let probe: Probe | undefined
    await using rig = await startApp({
      wrap: (store) => {
        probe = new Probe(store)
        return probe
      },
    })
    using channel = await Channel.open(rig.listen())
    const { id } = await rig.run([])
    if (probe) probe.beforeRead = () => Promise.reject(new Error('SQLITE_IOERR at /var'))
    channel.subscribe(id, 0)
    const answer = await channel.next()
    expect(answer).toMatchObject({ type: 'error', code: 'internal', job: id })
    expect(JSON.stringify(answer)).not.toContain('SQLITE')
    expect(rig.logs).toMatchObject([{ message: 'A message of the channel failed', fields: { job: id } }])
  })
})

describe('a ping', () => {
  test('is answered with its id, which may be a number, a text or nothing', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    for (const id of [1, 'a', undefined]) {
      channel.send({ type: 'ping', id })
      expect(await channel.next()).toEqual(id === undefined ? { type: 'pong' } : { type: 'pong', id })
    }
  })

  test('is answered in order', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    const ids = Array.from({ length: 100 }, (_, id) => id)
    for (const id of ids) channel.send({ type: 'ping', id })
    const answers = await channel.until((message) => message.type === 'pong' && message.id === 99)
    expect(answers.map((message) => message.type === 'pong' && message.id)).toEqual(ids)
  })
})

describe('the bounds', () => {
  test(`a socket follows ${mostSubscriptions} jobs and no more`, async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    const { follow } = rig.engine
    // Jobs that never end, so that no store has to hold ten thousand of them.
    rig.engine.follow = (job) => ({ job, read: async () => {}, stop() {} })
    for (let made = 0; made < mostSubscriptions; made += 1)
      channel.subscribe(`01900000-0000-7000-8000-${String(made).padStart(12, '0')}`)
    expect(await channel.flush()).toEqual([])
    channel.subscribe(id)
    expect(await channel.next()).toMatchObject({
      type: 'error',
      code: 'conflict',
      message: `Expected at most ${mostSubscriptions} subscriptions a socket, got one more.`,
      job: id,
    })
    rig.engine.follow = follow
    channel.send({ type: 'unsubscribe', job: '01900000-0000-7000-8000-000000000000' })
    channel.subscribe(id)
    expect(await channel.next()).toMatchObject({ type: 'job', job: id })
    run.succeed()
  })

  test('a message of more than 64 KiB closes the socket with 1009', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    channel.send({ type: 'ping', id: 'x'.repeat(60_000) })
    expect(await channel.next()).toMatchObject({ type: 'pong' })
    channel.send({ type: 'ping', id: 'x'.repeat(70_000) })
    expect((await channel.closed).code).toBe(1009)
  })
})

describe('when the server stops', () => {
  test('each socket is closed with 1012, and none is opened', async () => {
    await using rig = await startApp()
    const address = rig.listen()
    const channels = await Promise.all([1, 2, 3].map(() => Channel.open(address)))
    rig.streams.close()
    for (const channel of channels) expect((await channel.closed).code).toBe(1012)
    await expect(Channel.open(address)).rejects.toThrow()
  })
})
