import { expect, test } from 'bun:test'
import { openBrowser } from '../../support/browser.ts'
import { bundle } from '../support/bundle.ts'
import { startHost, token } from './host.ts'
import { found, type ProgramOptions, type run } from './program.ts'

test('the client works in a page of the same origin, with a ticket, through a restart of the server', async () => {
  await using host = await startHost()
  await using browser = await openBrowser()
  const page = await browser.newPage()
  const sockets: { url: string; closed: Promise<unknown> }[] = []
  page.on('websocket', (socket) => {
    sockets.push({ url: socket.url(), closed: new Promise((resolve) => socket.once('close', resolve)) })
  })
  const script = await bundle('test/client/runtime/page.ts', 'browser')
  // Where the server was before: a page is not shown where a redirect leads.
  await page.route('**/old/**', (route) => {
    const location = route.request().url().replace('/old', '')
    return route.fulfill({ status: 308, headers: { location } })
  })
  // Whatever the server itself shows is a page of its origin; of one that was made up, Chromium says that it is of the web.
  await page.goto(`${host.url}/livez`)
  await page.addScriptTag({ type: 'module', content: script })
  const observed = page.evaluate((options) => (globalThis as unknown as { run: typeof run }).run(options), {
    url: host.url,
    token,
  } satisfies ProgramOptions)
  await Promise.race([host.restartWhenFollowed(), observed])
  expect(await observed).toEqual(found)
  expect(sockets.length).toBeGreaterThan(1)
  for (const { url } of sockets) expect(url).toContain('/events?ticket=')
  await Promise.all(sockets.map(({ closed }) => closed))
})
