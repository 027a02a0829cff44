import { describe, expect, test } from 'bun:test'
import { RawConnection } from './raw.ts'
import { startApp } from './rig.ts'

const hundredMegabytes = 100_000_000
const head = (host: string, length: string) =>
  `POST /jobs HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n${length}\r\n\r\n`

const tooLarge = { status: 413, code: 'too_large', title: 'The body is too large' }

describe('a body of 100 MB', () => {
  test('is refused by its length alone, before any of it was sent', async () => {
    await using rig = await startApp()
    using connection = await RawConnection.open(rig.listen())
    await connection.write(head('localhost', `Content-Length: ${hundredMegabytes}`))
    const { status, head: answered, body } = await connection.readResponse()
    expect(status).toBe(413)
    expect(answered.toLowerCase()).toContain('content-type: application/problem+json')
    expect(JSON.parse(body)).toMatchObject({
      ...tooLarge,
      detail: `Expected a body of at most 1000000 bytes, got ${hundredMegabytes}.`,
    })
  })

  test('is refused while it is still being sent, and what follows is not taken for a request', async () => {
    await using rig = await startApp()
    using connection = await RawConnection.open(rig.listen())
    await connection.write(head('localhost', `Content-Length: ${hundredMegabytes}`))
    await connection.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(1000))
    expect(await connection.readResponse()).toMatchObject({ status: 413 })
    await connection.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(1000))
    expect(connection.text).toBe('')
  })

  test('in chunks is cut where it gets too long', async () => {
    await using rig = await startApp()
    using connection = await RawConnection.open(rig.listen())
    await connection.write(head('localhost', 'Transfer-Encoding: chunked'))
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`
    // Sixteen are over the limit of a million; the last chunk is never sent.
    for (let sent = 0; sent < 16; sent += 1) await connection.write(chunk)
    const { status, body } = await connection.readResponse()
    expect(status).toBe(413)
    expect(JSON.parse(body)).toMatchObject(tooLarge)
  })

  test('reaches a client that sends all of it with the same answer', async () => {
    await using rig = await startApp()
    const response = await fetch(`http://${rig.listen()}/jobs`, {
      method: 'POST',
      body: new Uint8Array(hundredMegabytes),
      headers: { 'content-type': 'application/json' },
    })
    expect(await response.json()).toMatchObject(tooLarge)
  })

  test('leaves the server as it was', async () => {
    await using rig = await startApp()
    const host = rig.listen()
    using connection = await RawConnection.open(host)
    await connection.write(head('localhost', `Content-Length: ${hundredMegabytes}`))
    await connection.readResponse()
    expect(await (await fetch(`http://${host}/jobs`)).json()).toEqual({ data: [], next: null })
    expect(rig.logs).toEqual([])
  })
})

test('a body that breaks off is nobody’s error', async () => {
  await using rig = await startApp()
  const host = rig.listen()
  const connection = await RawConnection.open(host)
  await connection.write(head('localhost', 'Content-Length: 100'))
  await connection.write('{"tasks":')
  connection[Symbol.dispose]()
  expect((await fetch(`http://${host}/readyz`)).status).toBe(200)
  expect(await (await fetch(`http://${host}/jobs`)).json()).toEqual({ data: [], next: null })
  expect(rig.logs).toEqual([])
})

test('a body in chunks is read like any other', async () => {
  await using rig = await startApp()
  using connection = await RawConnection.open(rig.listen())
  await connection.write(head('localhost', 'Transfer-Encoding: chunked'))
  for (const piece of ['{"na', 'me":"ü"', ',"tasks":[]}']) {
    const bytes = Buffer.from(piece)
    await connection.write(`${bytes.length.toString(16)}\r\n${piece}\r\n`)
  }
  await connection.write('0\r\n\r\n')
  const { status, body } = await connection.readResponse()
  expect(status).toBe(202)
  expect(JSON.parse(Buffer.from(body, 'latin1').toString())).toMatchObject({ name: 'ü' })
})
