import { describe, expect, spyOn, test } from 'bun:test'
import { Outbox } from '../../src/http/channel/outbox.ts'
import { expectSame } from '../engine/kit/fold.ts'
import { echoing, startApp } from '../http/rig.ts'
import { Channel, isEnd } from '../http/socket.ts'
import { RawChannel } from './raw-channel.ts'
import { foldOf } from './wire.ts'

/** `SHEAF_SLOW_TASKS=200000 bun test test/fanout/slow.test.ts` is the whole of it. */
const tasks = Number(process.env.SHEAF_SLOW_TASKS ?? 6_000)
/** All of them together are longer than what the kernel keeps for a connection. */
const output = 'x'.repeat(Math.max(300, 30_000_000 / tasks))
const socketBufferBytes = 512 * 1024

/** The most that any socket had in its buffer after something was put into it. */
const watchBuffers = () => {
  const most = { bytes: 0 }
  const { offer } = Outbox.prototype
  const spy = spyOn(Outbox.prototype, 'offer').mockImplementation(function (this: Outbox, text) {
    const taken = offer.call(this, text)
    most.bytes = Math.max(most.bytes, this.socket.getBufferedAmount())
    return taken
  })
  return { most, [Symbol.dispose]: () => spy.mockRestore() }
}

describe('a subscriber that takes a kilobyte now and then while a large job runs', () => {
  test('knows everything in the end, costs no more than its buffer, and holds up nobody', async () => {
    await using rig = await startApp({ maxBodyBytes: 50_000_000, socketBufferBytes })
    using buffers = watchBuffers()
    const address = rig.listen()
    const { id } = await rig.submit([], { sealed: false, keepMs: 1_000_000 })
    using slow = await RawChannel.open(address)
    slow.subscribe(id, 0)
    using fast = await Channel.open(address)
    fast.subscribe(id, 0)
    for (let at = 0; at < tasks; at += 5_000) {
      const piece = Array.from({ length: Math.min(5_000, tasks - at) }, () => echoing(output))
      const added = await rig.post(`/jobs/${id}/tasks`, { tasks: piece, seal: at + piece.length === tasks })
      expect(added.status).toBe(202)
    }
    const isOver = isEnd(id)
    for (let message = await fast.next(); !isOver(message); message = await fast.next()) slow.take(1_024)

    // It is far behind: the rest is in no buffer of the server's.
    expect(slow.received).toBeLessThan((tasks * output.length) / 10)
    expect(buffers.most.bytes).toBeGreaterThan(0)
    expect(buffers.most.bytes).toBeLessThanOrEqual(socketBufferBytes)
    const fold = foldOf(await slow.readToEnd())
    await expectSame(fold, rig.engine.store, id, 0)
    expect(fold.lasts).toBe(1)
  }, 300_000)
})
