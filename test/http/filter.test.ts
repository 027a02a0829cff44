import { describe, expect, test } from 'bun:test'
import type { ServerMessage } from '../../src/job/events.ts'
import { type AppRig, echoing, failing, problemOf, startApp } from './rig.ts'
import { Channel, isEnd } from './socket.ts'
import { SseReader } from './sse-reader.ts'

interface Filters {
  states?: string[]
  keys?: string[]
  output?: boolean
}

/** What is told of a job that has ended, from a seq on. */
type Tell = (rig: AppRig, job: string, after: number, filters: Filters) => Promise<ServerMessage[]>

const overSocket: Tell = async (rig, job, after, filters) => {
  using channel = await Channel.open(`127.0.0.1:${rig.app.server?.port}`)
  channel.send({ type: 'subscribe', job, after, ...filters })
  return await channel.until(isEnd(job))
}

const overSse: Tell = async (rig, job, after, { states, keys, output }) => {
  const query = new URLSearchParams({
    after: String(after),
    ...(states && { states: states.join() }),
    ...(keys && { keys: keys.join() }),
    ...(output !== undefined && { output: String(output) }),
  })
  const events = await new SseReader(await rig.get(`/jobs/${job}/events?${query}`)).all()
  return events.map(({ data }) => data as ServerMessage)
}

const changesIn = (messages: readonly ServerMessage[]) =>
  messages.flatMap((message) => (message.type === 'tasks' ? message.data : []))

const keyed = (key: string) => ({ ...echoing(key), key })

describe.each([
  ['a subscription', overSocket],
  ['an event stream', overSse],
])('%s with a filter', (_, tell) => {
  test('is told of tasks in the states and of the keys that it wants, and of the job in any case', async () => {
    await using rig = await startApp()
    rig.listen()
    const { id } = await rig.run([keyed('a'), keyed('b'), failing(), { ...failing(), key: 'c' }])
    const told = async (filters: Filters) => {
      const messages = await tell(rig, id, 0, filters)
      expect(messages.at(-1)).toMatchObject({ type: 'job', data: { state: 'succeeded' } })
      return changesIn(messages).map(({ index }) => index)
    }
    expect(await told({ states: ['failed'] })).toEqual([2, 3])
    expect(await told({ keys: ['a', 'c', 'nobody'] })).toEqual([0, 3])
    expect(await told({ keys: ['a', 'c'], states: ['failed', 'cancelled'] })).toEqual([3])
    expect(await told({ states: ['blocked'] })).toEqual([])
    expect(await told({})).toEqual([0, 1, 2, 3])
  })

  test('is told how long outputs are, if it wants none', async () => {
    await using rig = await startApp()
    rig.listen()
    const { id } = await rig.run([echoing('four'), failing()])
    const changes = changesIn(await tell(rig, id, 0, { output: false }))
    expect(changes).toMatchObject([{ outputBytes: 6 }, { error: { code: 'handler_failed' } }])
    for (const change of changes) expect(change).not.toHaveProperty('output')
    expect(changes[1]).not.toHaveProperty('outputBytes')
    expect(changesIn(await tell(rig, id, 0, { output: true }))[0]).toMatchObject({ output: 'four' })
  })

  test('keeps the seq of what its messages were made of, and misses nothing when it resumes', async () => {
    await using rig = await startApp()
    rig.listen()
    const { id, seq } = await rig.run([keyed('a'), keyed('b'), keyed('c')])
    const messages = await tell(rig, id, 0, { keys: ['a'] })
    const [first] = messages
    if (first?.type !== 'tasks') throw new Error('Expected tasks first')
    expect(first.seq).toBeGreaterThan(first.data[0]?.seq ?? seq)
    expect(changesIn(await tell(rig, id, first.data[0]?.seq ?? 0, { keys: ['b', 'c'] }))).toHaveLength(2)
    expect((await tell(rig, id, first.seq, { keys: ['a'] })).map(({ type }) => type)).toEqual(['job'])
  })

  test('reads past pages of the log in which nothing is for it', async () => {
    await using rig = await startApp()
    rig.listen()
    const { id } = await rig.run([...Array.from({ length: 2_000 }, () => echoing()), failing()])
    const messages = await tell(rig, id, 0, { states: ['failed'] })
    expect(messages.map(({ type }) => type)).toEqual(['tasks', 'job'])
    expect(changesIn(messages)).toMatchObject([{ index: 2_000, state: 'failed' }])
  })
})

describe('a filter is refused', () => {
  test.each([
    [{ states: ['ended'] }, 'Expected "states[0]" to be one of "blocked", "queued", "running"'],
    [{ states: [] }, 'Expected "states"'],
    [{ states: ['failed', 'failed'] }, 'Expected "states"'],
    [{ keys: [] }, 'Expected "keys"'],
    [{ keys: [''] }, 'Expected "keys[0]"'],
    [{ output: 'no' }, 'Expected "output"'],
  ])('of %j by the channel, naming the field', async (filter, message) => {
    await using rig = await startApp()
    const { id } = await rig.run([])
    using channel = await Channel.open(rig.listen())
    channel.send({ type: 'subscribe', job: id, ...filter })
    expect(await channel.next()).toMatchObject({
      type: 'error',
      code: 'invalid',
      job: id,
      message: expect.stringContaining(message),
    })
  })

  test.each([
    ['states=ended', 'Expected "states[0]" to be one of "blocked", "queued", "running"'],
    ['states=', 'Expected "states[0]"'],
    ['keys=a,,b', 'Expected "keys[1]"'],
    ['output=no', 'Expected "output" to be true or false, got "no".'],
  ])('of ?%s by the event stream, naming the parameter', async (query, message) => {
    await using rig = await startApp()
    const { id } = await rig.run([])
    const problem = await problemOf(await rig.get(`/jobs/${id}/events?${query}`))
    expect(problem).toMatchObject({ status: 422, code: 'invalid' })
    expect(problem.detail).toContain(message)
  })
})
