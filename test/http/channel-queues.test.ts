import { describe, expect, test } from 'bun:test'
import { QueueScript } from './queue-script.ts'
import { holding, startApp } from './rig.ts'
import { Channel, isEnd } from './socket.ts'

describe('queues over the channel', () => {
  test('are told when they are paused, and when they are resumed', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    channel.send({ type: 'subscribe', queues: 'naps' })
    expect(await channel.next()).toMatchObject({ type: 'queue', data: { name: 'naps', status: 'open' } })
    await rig.put('/queues/naps', { paused: true })
    expect(await channel.next()).toMatchObject({
      type: 'queue',
      data: { name: 'naps', status: 'paused', own: { paused: true }, pausedAt: '2026-01-01T00:00:00.000Z' },
    })
    await rig.send('DELETE', '/queues/naps')
    expect(await channel.next()).toMatchObject({ data: { name: 'naps', status: 'open', limits: {} } })
  })

  test('are the same as those that are read', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    await rig.put('/queues/http:a', { concurrency: 3, paused: true })
    channel.send({ type: 'subscribe', queues: ['http:*', 'sql:*'] })
    const queue = await (await rig.get('/queues/http:a')).json()
    expect(await channel.next()).toEqual({ type: 'queue', data: queue })
    expect(await channel.flush()).toEqual([])
  })

  test('are told beside jobs, until nobody wants to know', async () => {
    await using rig = await startApp()
    const script = new QueueScript(rig.engine)
    using channel = await Channel.open(rig.listen())
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    channel.subscribe(id)
    await channel.next()
    channel.send({ type: 'subscribe', queues: ['a*', 'b'] })
    expect(await channel.next()).toMatchObject({ type: 'queue', data: { name: 'b' } })
    script.change('a1', { status: 'broken' })
    expect(await channel.next()).toMatchObject({ type: 'queue', data: { name: 'a1', status: 'broken' } })
    channel.send({ type: 'unsubscribe', queues: 'a*' })
    expect(await channel.flush()).toEqual([])
    script.change('a1', { status: 'open' })
    script.change('b', { status: 'paused' })
    expect(await channel.next()).toMatchObject({ data: { name: 'b', status: 'paused' } })
    run.succeed()
    expect((await channel.until(isEnd(id))).every(({ type }) => type !== 'queue')).toBe(true)
    channel.send({ type: 'unsubscribe', queues: 'b' })
    expect(await channel.flush()).toEqual([])
    expect(script.listeners.size).toBe(0)
  })

  test('cost the engine nothing once the socket has closed', async () => {
    await using rig = await startApp()
    const script = new QueueScript(rig.engine)
    const channel = await Channel.open(rig.listen())
    channel.send({ type: 'subscribe', queues: '*' })
    await channel.flush()
    expect(script.listeners.size).toBe(1)
    channel.socket.close()
    await channel.closed
    await rig.clock.advance(0)
    expect(script.listeners.size).toBe(0)
  })

  test('that cannot be read are told as an error that names the pattern, and says no more', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    rig.engine.queues = () => Promise.reject(new Error('SQLITE_IOERR at /var'))
    channel.send({ type: 'subscribe', queues: 'a*' })
    expect(await channel.next()).toEqual({
      type: 'error',
      code: 'internal',
      message: 'The server failed. Its log says why.',
      queues: 'a*',
    })
    expect(rig.logs).toMatchObject([{ fields: { queues: 'a*' } }])
  })

  test('of more names and patterns than a socket may watch are refused, naming the first that is too much', async () => {
    await using rig = await startApp()
    using channel = await Channel.open(rig.listen())
    channel.send({ type: 'subscribe', queues: Array.from({ length: 100 }, (_, index) => `a${index}*`) })
    channel.send({ type: 'subscribe', queues: ['more', 'and more'] })
    expect(await channel.next()).toMatchObject({ type: 'error', code: 'conflict', queues: 'more' })
    channel.send({ type: 'subscribe', queues: Array(101).fill('a') })
    expect(await channel.next()).toMatchObject({
      type: 'error',
      code: 'invalid',
      message: expect.stringContaining('1 to 100 items'),
    })
  })
})
