import { describe, expect, test } from 'bun:test'
import { RawConnection } from './raw.ts'
import { type AppRig, echoing, holding, startApp } from './rig.ts'
import { Channel, isEnd } from './socket.ts'

const handshake =
  'GET /events HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'

/** A text frame with a mask of zeros (RFC 6455, 5.2), so that the payload stands as it is. */
const frameOf = (message: object): Uint8Array => {
  const payload = Buffer.from(JSON.stringify(message))
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}

/** A job whose log is longer than every buffer between the server and a reader. */
const runLong = (rig: AppRig) => rig.run(Array.from({ length: 1_000 }, () => echoing('x'.repeat(10_000))))
const options = { maxBodyBytes: 50_000_000 }

/** Counts what readers take, all of them together. */
const countFrames = ({ engine }: AppRig) => {
  const count = { frames: 0 }
  const { follow } = engine
  engine.follow = (job, options, reader) =>
    follow.call(engine, job, options, {
      behind: (following) => reader.behind(following),
      over: (following, error) => reader.over(following, error),
      offer: (frame, text) => {
        const taken = reader.offer(frame, text)
        if (taken) count.frames += 1
        return taken
      },
    })
  return count
}

describe('a reader that takes nothing', () => {
  test('of a socket is handed nothing more once its buffers are full, and holds up nobody else', async () => {
    await using rig = await startApp(options)
    const { id } = await runLong(rig)
    const count = countFrames(rig)
    const address = rig.listen()
    using slow = await RawConnection.open(address)
    await slow.write(handshake)
    await slow.readUntil('\r\n\r\n')
    slow.socket.pause()
    await slow.write(frameOf({ type: 'subscribe', job: id, after: 0 }))

    using fast = await Channel.open(address)
    fast.subscribe(id, 0)
    const all = await fast.until(isEnd(id))
    // The fast reader had all of it; the slow one what fits the buffers of two sockets.
    expect(count.frames).toBeGreaterThan(all.length)
    expect(count.frames).toBeLessThan(all.length * 2)
    const handedOut = count.frames
    fast.subscribe(id, 0)
    await fast.until(isEnd(id))
    expect(count.frames).toBe(handedOut + all.length)

    slow.socket.resume()
    await slow.skipUntil('"state":"succeeded","mode"')
    expect(count.frames).toBe(all.length * 3)
  })

  test('of a socket costs nothing when it leaves', async () => {
    await using rig = await startApp(options)
    const { id } = await runLong(rig)
    const address = rig.listen()
    const slow = await RawConnection.open(address)
    await slow.write(handshake)
    await slow.readUntil('\r\n\r\n')
    slow.socket.pause()
    await slow.write(frameOf({ type: 'subscribe', job: id, after: 0 }))
    using other = await Channel.open(address)
    other.subscribe(id, 0)
    await other.until(isEnd(id))
    expect(rig.streams.size).toBe(2)
    slow[Symbol.dispose]()
    while (rig.streams.size > 1) await new Promise((resolve) => setImmediate(resolve))
  })

  test('of an event stream is handed nothing more once its buffers are full', async () => {
    await using rig = await startApp(options)
    const { id } = await runLong(rig)
    const count = countFrames(rig)
    const address = rig.listen()
    using slow = await RawConnection.open(address)
    await slow.write(`GET /jobs/${id}/events?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await slow.readUntil('retry: 1000')
    slow.socket.pause()
    const whole = await (await fetch(`http://${address}/jobs/${id}/events?after=0`)).text()
    const frames = whole.split('\nevent: ').length - 1
    expect(count.frames).toBeLessThan(frames * 2)
    slow.socket.resume()
    await slow.skipUntil('event: job')
    expect(count.frames).toBe(frames * 2)
  })
})

test('a job of which nobody reads the end is none the slower', async () => {
  await using rig = await startApp()
  const address = rig.listen()
  const { id } = await rig.submit([holding()])
  const run = await rig.runs.nth(1)
  using slow = await RawConnection.open(address)
  await slow.write(handshake)
  await slow.readUntil('\r\n\r\n')
  slow.socket.pause()
  await slow.write(frameOf({ type: 'subscribe', job: id }))
  run.succeed()
  expect((await rig.get(`/jobs/${id}/results?wait=60`)).status).toBe(200)
})
