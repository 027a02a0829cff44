import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { createEgress } from '../../../src/kinds/egress/egress.ts'
import { EgressRefused } from '../../../src/kinds/egress/refused.ts'
import type { Resolve } from '../../../src/kinds/egress/resolve.ts'
import { answers, elsewhere, local, spellings, urls } from './hostile-targets.ts'
import { startTrap, type Trap } from './trap.ts'

let trap: Trap
beforeAll(() => {
  trap = startTrap()
})
afterAll(() => trap.stop())

const connected: string[] = []
afterEach(() => {
  expect(connected.splice(0)).toEqual([])
  expect(trap.connections).toBe(0)
})

const resolve: Resolve = async (name) => {
  const found = answers[name.replace(/\.$/, '')]
  if (!found) throw new Error(`The resolver was asked for ${JSON.stringify(name)}`)
  return found
}

/** Would say which address it was told to connect to, and connects to none. */
const guarded = createEgress({
  resolve,
  fetch: async (url) => {
    connected.push(url)
    throw new Error(`Connected to ${url}`)
  },
})

/** Connects for real: only for what leads to this machine. */
const real = createEgress({ resolve })

const refusalOf = async (sent: Promise<unknown>): Promise<EgressRefused> => {
  const error = await sent.then(
    () => new Error('Not refused'),
    (error: unknown) => error,
  )
  if (error instanceof EgressRefused) return error
  throw error
}

const names = [...Object.keys(answers).filter((name) => name !== 'public.test'), ...spellings]
const withPort = (url: string) =>
  url.replaceAll('PORT', String(trap.port)).replaceAll('P\nORT', `\n${trap.port}`)

describe('no connection is made', () => {
  test('in any of 250 ways and more, each tried once', () => {
    const targets = [...local, ...elsewhere, ...names, ...urls]
    expect(new Set(targets).size).toBe(targets.length)
    expect(targets.length).toBeGreaterThan(250)
  })

  test.each([...local])('to this machine by %j', async (host) => {
    for (const scheme of ['http', 'https']) {
      const url = `${scheme}://${host}:${trap.port}/x`
      expect((await refusalOf(guarded.fetch(url))).details.range).toBeString()
      await refusalOf(real.fetch(url))
    }
  })

  test.each([...elsewhere])('to the address %j', async (host) => {
    const { details } = await refusalOf(guarded.fetch(`http://${host}/`))
    expect(details).toMatchObject({ address: expect.any(String), range: expect.any(String) })
    await refusalOf(guarded.fetch(`https://${host}:8443/x?y`))
  })

  test.each(names)('by the name %j', async (name) => {
    await refusalOf(guarded.fetch(`http://${name}/`))
    await refusalOf(guarded.fetch(`https://${name}:8443/x?y`))
  })

  test.each([...urls])('by the URL %j', async (url) => {
    await refusalOf(guarded.fetch(withPort(url)))
    const parsed = URL.parse(withPort(url))
    if (parsed) await refusalOf(guarded.fetch(parsed))
    if (!/public|private|8\.8|::1111/.test(url)) await refusalOf(real.fetch(withPort(url)))
  })

  test('by the second request either, when the first was refused', async () => {
    for (let time = 0; time < 3; time += 1) await refusalOf(guarded.fetch('http://private.test/'))
  })
})

describe('a refusal', () => {
  test('names the host, the address, what it is, and the setting', async () => {
    const error = await refusalOf(guarded.fetch('https://Private.test/secret?key=1'))
    expect(error).toMatchObject({
      code: 'egress_refused',
      message:
        'The address 10.0.0.1 that private.test resolves to is not public (private), so nothing was sent there. To allow it, add "private.test:443" to SHEAF_EGRESS_ALLOW.',
      details: { host: 'private.test', address: '10.0.0.1', range: 'private' },
    })
  })

  test.each([
    ['http://0x7f.1:8080/', 'The address 127.0.0.1 is not public (loopback)', '127.0.0.1:8080'],
    ['http://[::ffff:10.0.0.1]/', 'The address 10.0.0.1 is not public (private)', '10.0.0.1:80'],
    ['https://[FD00::1]/', 'The address fd00::1 is not public (unique local)', '[fd00::1]:443'],
    ['http://public.test:25/', 'Port 25 of public.test belongs to another protocol', 'public.test:25'],
  ])('of %s says what would allow it', async (url, reason, entry) => {
    const { message } = await refusalOf(guarded.fetch(url))
    expect(message).toStartWith(reason)
    expect(message).toEndWith(`To allow it, add "${entry}" to SHEAF_EGRESS_ALLOW.`)
  })

  test.each([
    ['http://user:hunter2@private.test/', 'Expected a URL of private.test without a user name or password.'],
    ['http:hunter2@private.test', 'Expected a URL of private.test without a user name or password.'],
    ['ftp://hunter2@private.test/', 'Expected an absolute http or https URL, got one of the scheme "ftp:".'],
    ['http://hunter2@a b', 'Expected an absolute http or https URL, got none.'],
    ['http://hunter2@256.0.0.1/', 'Expected an absolute http or https URL, got one with an invalid host.'],
  ])('repeats no password (%s)', async (url, message) => {
    expect((await refusalOf(guarded.fetch(url))).message).toBe(message)
  })
})
