import { describe, expect, test } from 'bun:test'
import { Outbox } from '../../src/http/channel/outbox.ts'
import { largestFrame } from '../../src/job/events.ts'
import { bufferBytes, FakeSocket, full } from './fake-socket.ts'

const large = 'x'.repeat(full)
const names = ['a', 'b', 'c'].map((name) => ({ name }))

/** Fills the buffer, and lets each of three senders wait. */
const filled = async () => {
  const socket = new FakeSocket()
  const outbox = new Outbox(socket, bufferBytes)
  expect(await outbox.send({}, large)).toBe(true)
  const waiting = names.map((sender) => outbox.send(sender, `${sender.name}${large}`))
  return { socket, outbox, waiting }
}
const settled = async (promise: Promise<boolean>) => Promise.race([promise, Promise.resolve('waits')])

describe('an outbox', () => {
  test('sends at once while the buffer has room', async () => {
    const socket = new FakeSocket()
    const outbox = new Outbox(socket, bufferBytes)
    for (let count = 0; count < 10; count += 1) expect(await outbox.send({}, 'x')).toBe(true)
    expect(socket.sent).toHaveLength(10)
  })

  test('takes what is pushed while the buffer has room, and refuses it afterwards', () => {
    const socket = new FakeSocket()
    const outbox = new Outbox(socket, bufferBytes)
    expect([outbox.offer('a'), outbox.offer(large), outbox.offer('b')]).toEqual([true, true, false])
    expect(outbox.hasRoom()).toBe(false)
    socket.buffered = 0
    expect([outbox.hasRoom(), outbox.offer('c')]).toEqual([true, true])
    expect(socket.sent).toEqual(['a', large, 'c'])
    outbox.close()
    expect(outbox.offer('d')).toBe(false)
  })

  test('lets nothing that is pushed overtake what waits', async () => {
    const { socket, outbox } = await filled()
    socket.buffered = 0
    expect(outbox.offer('late')).toBe(false)
  })

  test('never has more in the buffer than it may, whatever is pushed', () => {
    for (const most of [512 * 1024, bufferBytes]) {
      const socket = new FakeSocket()
      const outbox = new Outbox(socket, most)
      while (outbox.offer('x'.repeat(largestFrame)));
      expect(socket.buffered).toBeGreaterThan(0)
      expect(socket.buffered).toBeLessThanOrEqual(most / 2)
      outbox.reply('x'.repeat(most / 2))
      expect([socket.buffered <= most, socket.closed]).toEqual([true, undefined])
      outbox.reply('x'.repeat(most / 2 + 1))
      expect([socket.buffered <= most, socket.closed]).toEqual([true, 1008])
    }
  })

  test('puts nothing into a full buffer', async () => {
    const { socket, waiting } = await filled()
    for (const sent of waiting) expect(await settled(sent)).toBe('waits')
    expect(socket.sent).toEqual([large])
  })

  test('lets those who wait take turns, each when the buffer was emptied', async () => {
    const { socket, outbox, waiting } = await filled()
    for (const [turn, { name }] of names.entries()) {
      socket.buffered = 0
      outbox.drained()
      expect(socket.sent.at(-1)?.[0]).toBe(name)
      expect(socket.sent).toHaveLength(turn + 2)
      expect(await waiting[turn]).toBe(true)
    }
  })

  test('lets nobody overtake those who wait', async () => {
    const { socket, outbox } = await filled()
    socket.buffered = 0
    expect(await settled(outbox.send({}, 'late'))).toBe('waits')
  })

  test('sends nothing of a sender that took it back', async () => {
    const { socket, outbox, waiting } = await filled()
    for (const sender of names.slice(0, 2)) outbox.withdraw(sender)
    expect(await waiting[0]).toBe(false)
    socket.buffered = 0
    outbox.drained()
    expect(socket.sent.at(-1)?.[0]).toBe('c')
  })

  test('tells everybody who waits when it closes, and sends nothing more', async () => {
    const { socket, outbox, waiting } = await filled()
    outbox.close()
    expect(await Promise.all(waiting)).toEqual([false, false, false])
    socket.buffered = 0
    outbox.drained()
    outbox.reply('x')
    expect(await outbox.send({}, 'x')).toBe(false)
    expect(socket.sent).toEqual([large])
  })

  test('answers ahead of what waits, up to a bound; then it lets the client go', async () => {
    const { socket, outbox } = await filled()
    outbox.reply('pong')
    expect(socket.sent.at(-1)).toBe('pong')
    socket.buffered = bufferBytes
    outbox.reply('pong')
    expect(socket.sent).toHaveLength(2)
    expect(socket.closed).toBe(1008)
  })

  test('ends a connection on which a message was lost', async () => {
    const { socket, outbox, waiting } = await filled()
    socket.drops = true
    socket.buffered = 0
    outbox.drained()
    expect(await Promise.all(waiting)).toEqual([false, false, false])
    expect(socket.closed).toBe(1011)
  })
})
