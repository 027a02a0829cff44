import { describe, expect, test } from 'bun:test'
import type { ServerMessage } from '../../src/job/events.ts'
import { echoing, failing, holding, startApp } from './rig.ts'
import { Channel, isEnd } from './socket.ts'

const growth = { labels: { team: 'growth' } }
const enrich = { name: 'enrich', ...growth }

const isSelection = ({ type }: ServerMessage) => type === 'selection'

/** What came, in short: the type, and of jobs the id and the state. */
const short = (messages: readonly ServerMessage[]) =>
  messages.map((message) => {
    if (message.type === 'job') return [message.job, message.data.state]
    return message.type === 'tasks' ? [message.job, 'tasks'] : [message.type]
  })

describe('a selection', () => {
  test('tells the open jobs of a name or a label, then each new one, whole', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    await rig.run([echoing()], enrich)
    const open = await rig.submit([holding()], enrich)
    const other = await rig.submit([holding()], { name: 'other' })
    channel.send({ type: 'subscribe', name: 'enrich' })
    channel.send({ type: 'subscribe', label: 'team:growth' })
    const first = await channel.until(isSelection)
    expect(short(first)).toEqual([[open.id, 'running'], ['selection']])
    expect(await channel.next()).toEqual({ type: 'selection', label: 'team:growth', since: 3 })

    const made = await rig.submit([echoing('a')], growth)
    const rest = await channel.until(isSelection)
    expect(rest.map((message) => ('job' in message ? message.job : message.type))).not.toContain(other.id)
    expect(rest.at(-1)).toEqual({ type: 'selection', label: 'team:growth', since: 4 })
    const all = [...rest, ...(await channel.flush())]
    expect(all).toContainEqual(
      expect.objectContaining({ job: made.id, data: [expect.objectContaining({ output: 'a' })] }),
    )
    expect(all.filter(isEnd(made.id))).toHaveLength(1)
  })

  test('of a name and a label is of the jobs that have both', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    channel.send({ type: 'subscribe', name: 'enrich', label: 'team:growth' })
    expect(await channel.next()).toEqual({
      type: 'selection',
      name: 'enrich',
      label: 'team:growth',
      since: 0,
    })
    await rig.submit([], { name: 'enrich' })
    await rig.submit([], growth)
    const both = await rig.submit([], enrich)
    expect(short(await channel.until(isSelection))).toEqual([[both.id, 'succeeded'], ['selection']])
    expect(await channel.flush()).toEqual([])
  })

  test('leaves out what its filter does', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    channel.send({ type: 'subscribe', name: 'enrich', states: ['failed'] })
    await channel.until(isSelection)
    await rig.run([echoing(), failing(), echoing()], enrich)
    const told = (await channel.flush()).flatMap((message) => (message.type === 'tasks' ? message.data : []))
    expect(told).toMatchObject([{ index: 1, state: 'failed' }])
  })

  test('ends when it is taken back, with the jobs that it began, and costs nothing after that', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    const { id } = await rig.submit([holding()], enrich)
    const run = await rig.runs.nth(1)
    channel.send({ type: 'subscribe', name: 'enrich' })
    await channel.until(isSelection)
    channel.send({ type: 'unsubscribe', name: 'enrich', label: 'team:growth' })
    channel.send({ type: 'unsubscribe', name: 'enrich' })
    channel.send({ type: 'unsubscribe', name: 'enrich' })
    expect(await channel.flush()).toEqual([])
    await rig.submit([], enrich)
    run.succeed()
    await rig.engine.ended(id, 0)
    expect(await channel.flush()).toEqual([])
  })

  test('done twice is done anew', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    const { id } = await rig.submit([holding()], enrich)
    for (let time = 0; time < 3; time += 1) {
      channel.send({ type: 'subscribe', name: 'enrich' })
      expect(short(await channel.until(isSelection))).toEqual([[id, 'running'], ['selection']])
    }
    ;(await rig.runs.nth(1)).succeed()
    expect(short(await channel.until(isEnd(id)))).toEqual([
      [id, 'tasks'],
      [id, 'succeeded'],
    ])
    expect(await channel.flush()).toEqual([])
  })

  test('tells of a job that goes on after its end, and of its next end', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    channel.send({ type: 'subscribe', name: 'enrich' })
    await channel.until(isSelection)
    const { id } = await rig.submit([holding()], enrich)
    ;(await rig.runs.nth(1)).fail(false)
    await channel.until(isEnd(id))
    await rig.post(`/jobs/${id}/retry`)
    ;(await rig.runs.nth(2)).succeed()
    const again = short(await channel.until(isEnd(id)))
    expect(again.filter(([job]) => job === id)).toContainEqual([id, 'running'])
  })

  test('says that a job was deleted which it had told of, as a subscription does', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    const { id, seq } = await rig.run([echoing()], enrich)
    await rig.send('DELETE', `/jobs/${id}`)
    channel.send({ type: 'subscribe', name: 'enrich', since: 0, seen: { [id.toUpperCase()]: seq - 1 } })
    expect(await channel.next()).toMatchObject({ type: 'error', code: 'not_found', job: id })
    expect(await channel.next()).toEqual({ type: 'selection', name: 'enrich', since: 1 })
  })
})

test('a seq in `seen` that lies in the future is refused for that job, and the selection goes on', async () => {
  await using rig = await startApp()
  using channel = await Channel.open(rig.listen())
  const { id, seq } = await rig.run([echoing()], enrich)
  channel.send({ type: 'subscribe', name: 'enrich', since: 0, seen: { [id]: seq + 1 } })
  expect(await channel.next()).toMatchObject({ type: 'error', code: 'invalid', job: id })
  expect(await channel.next()).toEqual({ type: 'selection', name: 'enrich', since: 1 })
  const made = await rig.submit([], enrich)
  expect(short(await channel.until(isSelection))).toEqual([[made.id, 'succeeded'], ['selection']])
})

describe('a job is told once, and in order', () => {
  test('though it is in two selections; when the first of them ends, the other goes on where that was', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    channel.send({ type: 'subscribe', name: 'enrich', states: ['failed'] })
    channel.send({ type: 'subscribe', label: 'team:growth' })
    expect(short(await channel.flush())).toEqual([['selection'], ['selection']])
    const { id } = await rig.submit([holding(), holding(), holding()], enrich)
    const [first, second, third] = await rig.runs.started(3)
    expect(short(await channel.flush())).toEqual([[id, 'running'], ['selection'], ['selection']])
    first?.succeed('a')
    await rig.clock.advance(0)
    expect(await channel.flush()).toEqual([])
    channel.send({ type: 'unsubscribe', name: 'enrich' })
    expect(short(await channel.flush())).toContainEqual([id, 'running'])
    second?.succeed('b')
    third?.succeed('c')
    const told = (await channel.until(isEnd(id))).flatMap((one) => (one.type === 'tasks' ? one.data : []))
    expect(told.filter(({ output }) => output === 'b' || output === 'c')).toHaveLength(2)
    expect(await channel.flush()).toEqual([])
  })

  test('though it is over before the second selection has found it', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    channel.send({ type: 'subscribe', name: 'enrich' })
    channel.send({ type: 'subscribe', label: 'team:growth' })
    await channel.flush()
    const { id } = await rig.submit([], enrich)
    expect(short(await channel.flush())).toEqual([[id, 'succeeded'], ['selection'], ['selection']])
  })

  test('though it is subscribed to as well: as that asks, and also when the selection has ended', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    const { id } = await rig.submit([holding(), holding()], enrich)
    const [first, second] = await rig.runs.started(2)
    channel.subscribe(id)
    channel.send({ type: 'subscribe', name: 'enrich', states: ['failed'] })
    expect(short(await channel.until(isSelection))).toEqual([[id, 'running'], ['selection']])
    first?.succeed('a')
    expect(short([await channel.next()])).toEqual([[id, 'tasks']])
    channel.send({ type: 'unsubscribe', name: 'enrich' })
    await channel.flush()
    second?.succeed('b')
    expect(short(await channel.until(isEnd(id)))).toEqual([
      [id, 'tasks'],
      [id, 'succeeded'],
    ])
  })

  test('and no more, once the client said so, while its selection goes on', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    const jobs = [await rig.submit([holding()], enrich), await rig.submit([holding()], enrich)]
    channel.send({ type: 'subscribe', name: 'enrich' })
    await channel.until(isSelection)
    channel.send({ type: 'unsubscribe', job: jobs[0]?.id })
    await channel.flush()
    for (const run of await rig.runs.started(2)) run.succeed()
    const ended = jobs[1]?.id ?? ''
    expect(short(await channel.until(isEnd(ended)))).toEqual([
      [ended, 'tasks'],
      [ended, 'succeeded'],
    ])
    const made = await rig.submit([], enrich)
    expect(short(await channel.until(isSelection))).toEqual([[made.id, 'succeeded'], ['selection']])
  })
})

test('who may read may select', async () => {
  await using rig = await startApp({ tokens: 'read:a-secret-for-reading' })
  const headers = { authorization: 'Bearer a-secret-for-reading' }
  const { ticket } = await (await rig.post('/tickets', undefined, headers)).json()
  using channel = await Channel.open(rig.listen(), `?ticket=${ticket}`)
  channel.send({ type: 'subscribe', label: 'team:growth' })
  expect(await channel.next()).toEqual({ type: 'selection', label: 'team:growth', since: 0 })
})
