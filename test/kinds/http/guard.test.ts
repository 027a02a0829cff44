import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { parseAllow } from '../../../src/kinds/egress/allow.ts'
import { createEgress } from '../../../src/kinds/egress/egress.ts'
import { createHttp } from '../../../src/kinds/http.ts'
import { startServer } from '../../support/server.ts'
import { startUpstream, type Upstream } from '../../support/upstream.ts'
import { TestContext } from '../context.ts'

let upstream: Upstream
beforeAll(() => {
  upstream = startUpstream()
})
afterAll(() => upstream.stop())

describe('without an allowance', () => {
  const http = createHttp()

  test('a request to an address that is not public is refused for good, by the setting that would allow it', async () => {
    const { host, port } = new URL(upstream.url)
    expect(await http.run({ url: `${upstream.url}/ok` }, new TestContext())).toEqual({
      type: 'failed',
      error: {
        code: 'egress_refused',
        message: `The address 127.0.0.1 is not public (loopback), so nothing was sent there. To allow it, add "127.0.0.1:${port}" to SHEAF_EGRESS_ALLOW.`,
        details: { host, address: '127.0.0.1', range: 'loopback' },
      },
      retryable: false,
    })
    expect(upstream.requests).toHaveLength(0)
  })

  test.each([
    'http://127.0.0.1/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://[::1]:8080/',
    'http://[::ffff:10.0.0.1]/',
    'http://169.254.169.254/latest/meta-data',
    'http://localhost:3000/',
    'http://api.localhost/',
  ])('%s is refused when it is submitted', (url) => {
    const [error, ...more] = http.check?.({ url }, 'tasks[0]') ?? []
    expect(error?.field).toBe('tasks[0].url')
    expect(error?.message).toStartWith('Expected "tasks[0].url" to lead where a request may go. ')
    expect(error?.message).toContain('SHEAF_EGRESS_ALLOW')
    expect(more).toEqual([])
  })

  test.each(['http://93.184.215.14/', 'https://[2606:4700::1111]/', 'https://internal.example.com/'])(
    '%s is taken: it is public, or only a resolver can say',
    (url) => {
      expect(http.check?.({ url }, 'tasks[0]')).toEqual([])
    },
  )
})

test('a name that leads to an address that is not public is refused when it runs, by name and address', async () => {
  const http = createHttp({ egress: createEgress({ resolve: async () => ['10.1.2.3'] }) })
  expect(await http.run({ url: 'http://internal.example/' }, new TestContext())).toMatchObject({
    error: {
      code: 'egress_refused',
      message:
        'The address 10.1.2.3 that internal.example resolves to is not public (private), so nothing was sent there. To allow it, add "internal.example:80" to SHEAF_EGRESS_ALLOW.',
    },
    retryable: false,
  })
})

test('a name that is allowed is asked for by that name, at the address it was vetted for', async () => {
  const { port } = new URL(upstream.url)
  const egress = createEgress({
    allow: parseAllow('upstream.example') ?? [],
    resolve: async () => ['127.0.0.1'],
  })
  const result = await createHttp({ egress }).run(
    { url: `http://upstream.example:${port}/echo` },
    new TestContext(),
  )
  if (result.type !== 'succeeded') throw new Error(JSON.stringify(result))
  expect(JSON.parse(result.output)).toMatchObject({
    body: { headers: { host: `upstream.example:${port}` } },
  })
})

describe('a server', () => {
  const submit = (url: string, task: object) =>
    fetch(`${url}/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: 'wait=10' },
      body: JSON.stringify({ tasks: [{ kind: 'http', ...task }] }),
    })

  test('reaches what SHEAF_EGRESS_ALLOW names', async () => {
    await using server = await startServer({ env: { SHEAF_EGRESS_ALLOW: '127.0.0.1' } })
    const response = await submit(server.url, { url: `${upstream.url}/ok` })
    expect(await response.json()).toMatchObject({ counts: { succeeded: 1 } })
  })

  test('refuses what it does not name with 422', async () => {
    await using server = await startServer({ env: { SHEAF_EGRESS_ALLOW: '' } })
    const response = await submit(server.url, { url: `${upstream.url}/ok` })
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({ code: 'invalid', errors: [{ field: 'tasks[0].url' }] })
  })

  test('does not start with an allowance that cannot be read, and says which entry is wrong', () => {
    expect(startServer({ env: { SHEAF_EGRESS_ALLOW: '127.0.0.1,10.0.0.1/8' } })).rejects.toThrow(
      'Expected "SHEAF_EGRESS_ALLOW" to be addresses, ranges and host names, got "10.0.0.1/8" (this range begins at 10.0.0.0).',
    )
  })
})
