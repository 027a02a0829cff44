import { describe, expect, test } from 'bun:test'
import { type QueueView, SheafError } from '../../../src/client.ts'
import { endedEvent, jobId } from '../support/events.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { collect, startClient } from '../support/rig.ts'

failOnLeaks()

const view = (name: string, status: QueueView['status'] = 'open'): QueueView => ({
  name,
  status,
  waiting: 0,
  queued: 0,
  blocked: 0,
  running: 0,
  ratePerSecond: 0,
  limits: {},
})
const event = (name: string, status?: QueueView['status']) => ({ type: 'queue', data: view(name, status) })
const subscribe = (queues: string) => ({ type: 'subscribe', queues })
const unsubscribe = (queues: string) => ({ type: 'unsubscribe', queues })

type Loop = ReturnType<ReturnType<typeof startClient>['sheaf']['queues']['watch']>
const shown = async (loop: Loop) => {
  const { value } = await loop.next()
  return value && `${value.name} ${value.status}`
}

describe('a loop over queues', () => {
  test('opens the channel when it begins, and closes it when it is left', async () => {
    const client = startClient()
    const loop = client.sheaf.queues.watch('http:*')
    expect(client.net.sockets).toEqual([])
    const first = loop.next()
    const socket = await client.accepted()
    expect(socket.take()).toEqual([subscribe('http:*')])
    socket.say(event('http:a', 'paused'))
    expect(await first).toEqual({ done: false, value: view('http:a', 'paused') })
    const waiting = loop.next()
    await loop.return?.()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(socket.take()).toEqual([unsubscribe('http:*')])
    client.expectNothingOpen()
  })

  test('is told what it asked for, beside others and beside jobs', async () => {
    const client = startClient()
    const [https, all] = ['http:*', '*'].map((pattern) => client.sheaf.queues.watch(pattern))
    const events = collect(client.sheaf.job(jobId))
    const shownTo = [https, all].map((loop) => (loop ? shown(loop) : undefined))
    const socket = await client.accepted()
    socket.say(event('sql:a', 'paused'))
    socket.say(event('http:a', 'broken'))
    expect(await Promise.all(shownTo)).toEqual(['http:a broken', 'sql:a paused'])
    expect(all && (await shown(all))).toBe('http:a broken')
    socket.say(endedEvent(1))
    expect(await events).toHaveLength(1)
    await https?.return?.()
    expect(socket.closed).toBe(false)
    await all?.return?.()
    client.expectNothingOpen()
  })

  test('that is slow is given the latest state of each queue', async () => {
    const client = startClient()
    const loop = client.sheaf.queues.watch('*')
    const first = loop.next()
    const socket = await client.accepted()
    for (const status of ['paused', 'limited', 'broken', 'throttled'] as const)
      for (const name of ['a', 'b']) socket.say(event(name, status))
    expect((await first).value).toEqual(view('a', 'paused'))
    expect([await shown(loop), await shown(loop)].sort()).toEqual(['a throttled', 'b throttled'])
    await loop.return?.()
    client.expectNothingOpen()
  })

  test('shares its subscription with others of the same pattern, and leaves it to them', async () => {
    const client = startClient()
    const loops = [1, 2].map(() => client.sheaf.queues.watch('a'))
    const firsts = loops.map(shown)
    const socket = await client.accepted()
    socket.say(event('a', 'paused'))
    expect(await Promise.all(firsts)).toEqual(['a paused', 'a paused'])
    socket.take()
    await loops[0]?.return?.()
    expect(socket.take()).toEqual([])
    await loops[1]?.return?.()
    expect(socket.take()).toEqual([unsubscribe('a')])
    client.expectNothingOpen()
  })

  test('over a connection that was lost asks again, also for what may be open by now', async () => {
    const client = startClient()
    client.answer(async ({ url }) => Response.json(view(new URL(url).pathname.split('/').at(-1) ?? '')))
    const loop = client.sheaf.queues.watch('*')
    const first = shown(loop)
    const before = await client.accepted()
    for (const name of ['a', 'b', 'c']) before.say(event(name, 'paused'))
    before.say(event('c', 'open'))
    expect([await first, await shown(loop), await shown(loop)]).toEqual(['a paused', 'b paused', 'c open'])
    before.drop()
    await client.clock.advance(1_000)
    const socket = await client.accepted()
    expect(socket.take()).toEqual([subscribe('*')])
    // What the server tells meanwhile is newer than what was asked for.
    socket.say(event('b', 'broken'))
    expect(await shown(loop)).toBe('b broken')
    expect(await shown(loop)).toBe('a open')
    await client.clock.advance(0)
    expect(client.requests).toEqual(['GET /base/queues/a', 'GET /base/queues/b'])
    await loop.return?.()
    client.expectNothingOpen()
  })

  test('ends with the reason of its signal, or of the client that is closed', async () => {
    const client = startClient()
    const abort = new AbortController()
    const aborted = client.sheaf.queues.watch('a', { signal: abort.signal }).next()
    const closed = client.sheaf.queues.watch('b').next()
    abort.abort('enough')
    await expect(aborted).rejects.toBe('enough')
    await client.sheaf.close()
    await expect(closed).rejects.toMatchObject({ code: 'closed' })
    await expect(client.sheaf.queues.watch('c').next()).rejects.toMatchObject({ code: 'closed' })
    client.expectNothingOpen()
  })

  test('ends when the server refuses its pattern, and no other does', async () => {
    const client = startClient()
    const refused = client.sheaf.queues.watch('a*').next()
    const other = shown(client.sheaf.queues.watch('b'))
    const socket = await client.accepted()
    socket.say({ type: 'error', code: 'conflict', message: 'Too many.', queues: 'a*' })
    await expect(refused).rejects.toEqual(new SheafError('conflict', 'Too many.'))
    socket.say(event('b', 'limited'))
    expect(await other).toBe('b limited')
    await client.sheaf.close()
  })

  test('ends when its token does not suffice, which is asked over HTTP', async () => {
    const client = startClient()
    const refused = client.sheaf.queues.watch('*').next()
    await client.clock.advance(0)
    client.answer(async () => Response.json({ code: 'unauthorized', detail: 'No.' }, { status: 401 }))
    client.net.latest.drop()
    await expect(refused).rejects.toMatchObject({ code: 'unauthorized', status: 401 })
    expect(client.requests).toEqual(['GET /base/queues'])
    client.expectNothingOpen()
  })
})
