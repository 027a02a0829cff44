import { describe, expect, test } from 'bun:test'
import { RawConnection } from './raw.ts'
import { openResults, ResultLines, startHeld } from './result-lines.ts'
import { echoing, holding, problemOf, startApp } from './rig.ts'

describe.each(['order=completion', 'order=input'])('a stream with %s', (order) => {
  test('is cut when the server stops, and costs nothing then', async () => {
    await using rig = await startApp()
    const { id, runs } = await startHeld(rig, 2)
    const address = rig.listen()
    using connection = await RawConnection.open(address)
    await connection.write(
      `GET /jobs/${id}/results?${order} HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n`,
    )
    runs[0]?.succeed('told')
    await connection.readUntil('told')
    rig.streams.close()
    // The last chunk of a body that is whole is an empty one (RFC 9112, 7.1).
    await expect(connection.readUntil('\r\n0\r\n\r\n')).rejects.toThrow('Closed before')
    expect(await problemOf(await rig.get(`/jobs/${id}/results?${order}`))).toMatchObject({ status: 503 })
  })

  test('is cut when the engine stops first, as it does', async () => {
    await using rig = await startApp()
    const { id, runs } = await startHeld(rig, 2)
    const lines = await openResults(rig, id, order)
    runs[0]?.succeed()
    await lines.next()
    const next = lines.next().catch((error: unknown) => error)
    const stopped = rig.engine.stop()
    await rig.clock.advance(10_000)
    await stopped
    expect(await next).toMatchObject({ code: 'unavailable' })
    expect(rig.logs).toEqual([])
  })

  test('is cut when the job is deleted on the way', async () => {
    await using rig = await startApp()
    const { id } = await rig.run(Array.from({ length: 50 }, () => echoing()))
    const lines = await openResults(rig, id, order)
    await lines.take(1)
    await rig.send('DELETE', `/jobs/${id}`)
    await expect(lines.rest()).rejects.toThrow('deleted')
  })

  test('that its reader leaves costs nothing any more', async () => {
    await using rig = await startApp()
    const { id, runs } = await startHeld(rig, 2)
    runs[0]?.succeed()
    await rig.clock.advance(0)
    const before = rig.clock.pending
    const lines = await openResults(rig, id, order)
    await lines.next()
    expect(rig.streams.size).toBe(1)
    const pending = lines.next()
    await lines.leave()
    expect(await pending).toBeUndefined()
    expect(rig.streams.size).toBe(0)
    expect(rig.clock.pending).toBe(before)
  })

  test('is kept open by spaces while nothing ends, and each line is JSON all the same', async () => {
    await using rig = await startApp()
    const { id, runs } = await startHeld(rig, 1)
    for (const accept of ['application/x-ndjson', 'application/json']) {
      const response = await rig.get(`/jobs/${id}/results?${order}`, { accept })
      const reader = response.body?.getReader()
      const read = async () => Buffer.from((await reader?.read())?.value ?? []).toString()
      if (accept.endsWith('/json')) expect(await read()).toBe('{"data":[')
      const beat = read()
      await rig.clock.advance(15_000)
      expect(await beat).toBe(' ')
      await reader?.cancel()
    }
    const lines = await openResults(rig, id, order)
    const only = lines.rest()
    await rig.clock.advance(20_000)
    runs[0]?.succeed('end')
    expect(await only).toMatchObject([{ index: 0, output: 'end' }])
  })

  test('says at HEAD of what type it would be', async () => {
    await using rig = await startApp()
    const { id } = await startHeld(rig, 1)
    const response = await rig.send('HEAD', `/jobs/${id}/results?${order}&format=csv`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    expect(response.headers.get('x-accel-buffering')).toBe('no')
    expect(response.body).toBeNull()
    expect(rig.streams.size).toBe(0)
  })

  test('that nobody reads on holds up nobody, and goes on when it is read', async () => {
    await using rig = await startApp({ maxBodyBytes: 50_000_000 })
    const { id } = await rig.submit([
      ...Array.from({ length: 600 }, () => echoing('x'.repeat(15_000))),
      holding(),
    ])
    const last = await rig.runs.nth(1)
    const address = rig.listen()
    using slow = await RawConnection.open(address)
    await slow.write(
      `GET /jobs/${id}/results?${order} HTTP/1.1\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n`,
    )
    await slow.readUntil('"index":0')
    slow.socket.pause()
    last.succeed('the end')
    expect((await rig.get(`/jobs/${id}/results?wait=60`)).status).toBe(200)
    const fast = new ResultLines(
      await fetch(`http://${address}/jobs/${id}/results?${order}`, {
        headers: { accept: 'application/x-ndjson' },
      }),
    )
    expect(await fast.rest()).toHaveLength(601)
    slow.socket.resume()
    await slow.skipUntil('the end')
  })
})
