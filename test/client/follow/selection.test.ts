import { describe, expect, test } from 'bun:test'
import type { FollowEvent } from '../../../src/client.ts'
import { endedEvent, jobEvent, jobId, otherId, progressEvent, tasksEvent } from '../support/events.ts'
import { connect, failOnLeaks } from '../support/leaks.ts'
import { collect, startClient } from '../support/rig.ts'

failOnLeaks()

const selection = { name: 'enrich', label: 'team:growth' }
const subscribe = (more: object = {}) => ({ type: 'subscribe', ...selection, seen: {}, ...more })
const unsubscribe = { type: 'unsubscribe', ...selection }
const reached = (since: number) => ({ type: 'selection', ...selection, since })
const changes = (job: string, ...seqs: number[]): FollowEvent => ({ ...tasksEvent(...seqs), job })

type Client = ReturnType<typeof startClient>

/** Takes what has come. */
const taken = async (loop: AsyncIterator<FollowEvent>, count: number) => {
  const events: FollowEvent[] = []
  for (let left = count; left > 0; left -= 1) {
    const { value } = await loop.next()
    if (value) events.push(value)
  }
  return events
}

const reconnected = async (client: Client) => {
  client.net.latest.drop()
  await client.clock.advance(1_000)
  return client.accepted()
}

describe('a watch of a selection', () => {
  test('tells of all its jobs, also of those that come, until it is left', async () => {
    const client = startClient()
    const loop = client.sheaf.watch(selection)
    const events = taken(loop, 5)
    const socket = await client.accepted()
    expect(socket.take()).toEqual([subscribe()])
    socket.say(jobEvent(7))
    socket.say(reached(3))
    socket.say(tasksEvent(8))
    socket.say(endedEvent(9))
    socket.say(changes(otherId, 1))
    socket.say(endedEvent(2, { id: otherId }))
    expect(await events).toEqual([
      jobEvent(7),
      tasksEvent(8),
      endedEvent(9),
      changes(otherId, 1),
      endedEvent(2, { id: otherId }),
    ])
    expect(socket.closed).toBe(false)
    await loop.return?.()
    client.expectNothingOpen()
  })

  test('goes on after a lost connection with what it knows, and tells nothing twice', async () => {
    const client = startClient()
    const loop = client.sheaf.watch(selection)
    const events = taken(loop, 4)
    const first = await client.accepted()
    first.say(jobEvent(7))
    first.say(reached(3))
    // Whether the server counts it among those that it has told of is not known yet: it stays named, though it is over.
    first.say(endedEvent(2, { id: otherId }))
    const second = await reconnected(client)
    expect(second.take()).toEqual([subscribe({ since: 3, seen: { [jobId]: 7, [otherId]: 2 } })])
    second.say(jobEvent(7))
    second.say(tasksEvent(7, 8))
    second.say(reached(4))
    second.say(endedEvent(9))
    expect(await events).toEqual([
      jobEvent(7),
      endedEvent(2, { id: otherId }),
      { ...tasksEvent(7, 8), data: tasksEvent(8).data },
      endedEvent(9),
    ])
    expect((await reconnected(client)).take()).toEqual([subscribe({ since: 4, seen: {} })])
    await loop.return?.()
    client.expectNothingOpen()
  })

  test('that is slow has the server hold on, and goes on from what it has taken', async () => {
    const client = startClient({ buffer: 1 })
    const loop = client.sheaf.watch(selection)
    const first = loop.next()
    const socket = await client.accepted()
    socket.take()
    socket.say(jobEvent(1))
    socket.say(tasksEvent(2))
    socket.say(progressEvent(1))
    expect(socket.take()).toEqual([])
    socket.say(tasksEvent(3))
    expect(socket.take()).toEqual([unsubscribe, { type: 'ping', id: 1 }])
    // What was on its way counts for nothing: how far it has come, too.
    socket.say(jobEvent(1, { id: otherId }))
    socket.say(reached(9))
    socket.say({ type: 'pong', id: 1 })
    expect((await first).value).toEqual(jobEvent(1))
    expect(socket.take()).toEqual([])
    expect((await loop.next()).value).toEqual(tasksEvent(2))
    expect(socket.take()).toEqual([subscribe({ seen: { [jobId]: 2 } })])
    await loop.return?.()
    client.expectNothingOpen()
  })

  test('has a filter, and a socket of its own', async () => {
    const client = startClient()
    const filter = { states: ['failed'], output: false } as const
    const loop = client.sheaf.watch(selection, filter)
    const event = loop.next()
    const events = collect(client.sheaf.job(jobId))
    await client.clock.advance(0)
    const [own, shared] = client.net.sockets
    for (const socket of client.net.sockets) socket.accept()
    expect(own?.take()).toEqual([subscribe(filter)])
    expect(shared?.take()).toEqual([{ type: 'subscribe', job: jobId, after: 0 }])
    own?.say(tasksEvent(1))
    own?.say(jobEvent(2))
    expect((await event).value).toEqual(jobEvent(2))
    shared?.say(endedEvent(3))
    expect(await events).toEqual([endedEvent(3)])
    await loop.return?.()
    client.expectNothingOpen()
  })

  test('goes on when one of its jobs is deleted, and ends when the selection is refused', async () => {
    const client = startClient()
    const loop = client.sheaf.watch(selection)
    const first = loop.next()
    const socket = await client.accepted()
    socket.say(jobEvent(1))
    await first
    const error = loop.next().catch((reason) => reason)
    socket.say({ type: 'error', code: 'not_found', message: 'It was deleted.', job: jobId })
    socket.say({ type: 'error', code: 'invalid', message: 'No label.', ...selection })
    expect(await error).toMatchObject({ code: 'invalid', message: 'No label.' })
    client.expectNothingOpen()
  })

  test('ends with the reason when the token does not suffice, and by its signal', async () => {
    const client = startClient()
    const error = client.sheaf
      .watch(selection)
      .next()
      .catch((reason) => reason)
    await client.clock.advance(0)
    client.answer(async () => Response.json({ code: 'unauthorized', detail: 'No.' }, { status: 401 }))
    client.net.latest.drop()
    expect(await error).toMatchObject({ code: 'unauthorized', status: 401 })
    const abort = new AbortController()
    const aborted = client.sheaf.watch(selection, { signal: abort.signal }).next()
    await client.clock.advance(0)
    abort.abort('enough')
    await expect(aborted).rejects.toBe('enough')
    client.expectNothingOpen()
  })

  test('needs a WebSocket', async () => {
    const loop = connect({ handle: () => Response.error() }).watch(selection)
    await expect(loop.next()).rejects.toMatchObject({ code: 'unsupported' })
  })
})
