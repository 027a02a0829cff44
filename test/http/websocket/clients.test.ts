import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Browser, Page } from 'playwright-core'
import type { WebSocket as NodeWebSocket } from 'ws'
import { openBrowser } from '../../support/browser.ts'
import { type AppRig, echoing, startApp } from '../rig.ts'
import { RawSocket } from './raw-socket.ts'
import { type Script, type Talk, talk } from './talk.ts'

/** By its path: under its name, Bun gives a client of its own. */
const { default: Ws }: { default: typeof NodeWebSocket } = await import(
  '../../../node_modules/ws/wrapper.mjs' as string
)

let browser: Browser
let page: Page

beforeAll(async () => {
  browser = await openBrowser()
  page = await browser.newPage()
})
afterAll(() => browser.close())

const inPage = (script: Script): Promise<Talk> =>
  page.evaluate(`(${talk})(WebSocket, ${JSON.stringify(script)})`)

/** A page of the server itself: whatever it answers there, the origin is its own. */
const visit = (address: string) => page.goto(`http://${address}/livez`)

const clients: [name: string, talk: (script: Script) => Promise<Talk>][] = [
  ['Bun', (script) => talk(WebSocket, script)],
  // It has all of a browser's interface that a talk uses, and types of its own.
  ['ws', (script) => talk(Ws as unknown as typeof WebSocket, script)],
  ['Chromium', inPage],
]

const pong = '"type":"pong"'
const ping = JSON.stringify({ type: 'ping', id: 'last' })

describe.each(clients)('%s', (_, converse) => {
  const start = async () => {
    const rig = await startApp()
    const address = rig.listen()
    await visit(address)
    return { rig, url: `ws://${address}/events` }
  }

  test('follows a job to its end, in the subprotocol that it offers, uncompressed', async () => {
    const { rig, url } = await start()
    await using _rig = rig
    const { id } = await rig.run([echoing('€')])
    const protocols = ['graphql-ws', 'sheaf.v1']
    const say = [JSON.stringify({ type: 'subscribe', job: id, after: 0 })]
    const { protocol, extensions, heard, code } = await converse({
      url,
      protocols,
      say,
      last: '"type":"job"',
    })
    expect({ protocol, extensions, code }).toEqual({ protocol: 'sheaf.v1', extensions: '', code: 1000 })
    expect(heard.map((text) => JSON.parse(text).type)).toEqual(['tasks', 'job'])
    expect(JSON.parse(heard[0] ?? '')).toMatchObject({ data: [{ output: '€' }] })
  })

  test('is answered, whatever it says', async () => {
    const { rig, url } = await start()
    await using _rig = rig
    const { heard, code } = await converse({ url, say: ['hello', '', ping], last: '"last"' })
    expect(heard.map((text) => JSON.parse(text).type)).toEqual(['error', 'error', 'pong'])
    expect(code).toBe(1000)
  })

  test.each([70_000, 5_000_000])('is told that a message of %d bytes is too big', async (length) => {
    const { rig, url } = await start()
    await using _rig = rig
    const { code, reason } = await converse({ url, say: [{ text: length }] })
    expect({ code, reason }).toEqual({ code: 1009, reason: 'Received too big message' })
  })

  test('is told that binary messages are not understood', async () => {
    const { rig, url } = await start()
    await using _rig = rig
    const { code, reason } = await converse({ url, say: [{ binary: 3 }, ping], last: pong })
    expect({ code, reason }).toEqual({ code: 1003, reason: 'Expected text messages, got a binary one.' })
  })

  test('is told when the server stops', async () => {
    const { rig, url } = await start()
    await using _rig = rig
    const ended = converse({ url, say: [] })
    while (rig.streams.size === 0) await new Promise((resolve) => setImmediate(resolve))
    rig.streams.close()
    const { code, reason } = await ended
    expect({ code, reason }).toEqual({ code: 1012, reason: 'The server stops. Connect again and resume.' })
  })
})

describe('a page', () => {
  const secret = 'a-secret-for-reading'
  const ask = (rig: AppRig) => rig.post('/tickets', undefined, { authorization: `Bearer ${secret}` })
  /** A page of another origin than the server's. */
  const elsewhere = () =>
    Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => new Response('<h1>Elsewhere</h1>', { headers: { 'content-type': 'text/html' } }),
    })

  test('opens a socket with a ticket, where tokens are needed; a second time it does not', async () => {
    await using rig = await startApp({ tokens: `read:${secret}` })
    const address = rig.listen()
    await visit(address)
    const { ticket } = await (await ask(rig)).json()
    const script = { url: `ws://${address}/events?ticket=${ticket}`, say: [ping], last: pong }
    expect(await inPage(script)).toMatchObject({ opened: true, code: 1000 })
    expect(await inPage(script)).toMatchObject({ opened: false, code: 1006 })
  })

  test('of another origin gets nowhere without tokens, with a ticket neither', async () => {
    await using rig = await startApp()
    const address = rig.listen()
    const other = elsewhere()
    await page.goto(other.url.href)
    const { ticket } = await (await ask(rig)).json()
    for (const query of ['', `?ticket=${ticket}`])
      expect(await inPage({ url: `ws://${address}/events${query}`, say: [ping] })).toMatchObject({
        opened: false,
      })
    expect(rig.streams.size).toBe(0)
    await other.stop(true)
  })

  test('of another origin opens a socket with a ticket that it was given, and cannot get one by itself', async () => {
    await using rig = await startApp({ tokens: `read:${secret}` })
    const address = rig.listen()
    const other = elsewhere()
    await page.goto(other.url.href)
    const { ticket } = await (await ask(rig)).json()
    const url = `ws://${address}/events`
    expect(await inPage({ url, say: [ping] })).toMatchObject({ opened: false })
    expect(await inPage({ url: `${url}?ticket=${ticket}`, say: [ping], last: pong })).toMatchObject({
      code: 1000,
    })
    const fetched = `fetch('http://${address}/tickets', { method: 'POST', headers: { authorization: 'Bearer ${secret}' } }).then(() => 'read', () => 'refused')`
    expect(await page.evaluate(fetched)).toBe('refused')
    await other.stop(true)
  })
})

describe('a silent client', () => {
  test('is pinged, and let go if it does not answer', async () => {
    // The shortest time that Bun has.
    await using rig = await startApp({ socketIdleSeconds: 8 })
    const address = rig.listen()
    const alive = new Ws(`ws://${address}/events`)
    const pinged = new Promise((resolve) => alive.once('ping', resolve))
    using dead = await RawSocket.open(address)
    const opcodes = []
    for await (const { opcode } of dead.frames()) opcodes.push(opcode)
    expect(opcodes).toEqual([9])
    await pinged
    const answered = new Promise((resolve) => alive.once('pong', (data) => resolve(String(data))))
    alive.ping('still here')
    expect(await answered).toBe('still here')
    expect(rig.streams.size).toBe(1)
    alive.terminate()
  }, 30_000)
})
