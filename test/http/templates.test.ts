import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { connect } from '../../src/client.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { startUpstream } from '../support/upstream.ts'

const secret = 'hush "hush" 9f3a'
let server: TestServer
let upstream: Awaited<ReturnType<typeof startUpstream>>
const logged: unknown[] = []
const note = (...line: unknown[]) => void logged.push(line)

beforeAll(async () => {
  upstream = await startUpstream()
  server = await startServer({
    env: { SHEAF_SECRET_KEY: secret },
    log: { debug: note, info: note, warn: note, error: note },
  })
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await upstream.stop()
})

interface Answer {
  id: string
  state: string
  detail: string
}

const submit = async (job: object) => {
  const response = await fetch(`${server.url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=20' },
    body: JSON.stringify(job),
  })
  const answer = (await response.json()) as Answer
  return { status: response.status, ...answer }
}

const get = async (path: string) => (await fetch(server.url + path)).json() as Promise<{ data: never[] }>
const resultsOf = async (job: { id: string }) => (await get(`/jobs/${job.id}/results`)).data

describe('a job for each item', () => {
  test('makes a task of each, in order', async () => {
    const job = await submit({
      each: {
        items: [{ id: 3 }, { id: 1 }],
        task: { kind: 'http', url: `${upstream.url}/users/{{item.id}}`, query: { n: '{{index}}' } },
      },
    })
    expect(await resultsOf(job)).toMatchObject([
      { index: 0, state: 'succeeded', output: { body: { id: 3 } } },
      { index: 1, state: 'succeeded', output: { body: { id: 1 } } },
    ])
  })

  test('keeps the type of a value that is alone', async () => {
    const job = await submit({ each: { items: [1, 2], task: { kind: 'sleep', ms: '{{item}}' } } })
    expect(job.state).toBe('succeeded')
  })

  test('encodes what an item puts into a URL', async () => {
    const job = await submit({
      each: { items: ['../status/500?x=#'], task: { kind: 'http', url: `${upstream.url}/users/{{item}}` } },
    })
    const [request] = upstream.requests.slice(-1)
    expect(request?.path).toStartWith('/users/')
    expect((await resultsOf(job)).length).toBe(1)
  })

  test('is refused by the item that does not fit', async () => {
    const job = await submit({ each: { items: [1, -1], task: { kind: 'sleep', ms: '{{item}}' } } })
    expect(job.status).toBe(422)
    expect(job.detail).toContain('each.items[1]')
  })

  test('shows each task as it was submitted', async () => {
    const job = await submit({ each: { items: [7], task: { kind: 'sleep', ms: '{{item}}' } } })
    expect(await get(`/jobs/${job.id}/tasks/0`)).toMatchObject({
      input: { kind: 'sleep', ms: '{{item}}', item: 7 },
    })
  })
})

describe('a task after another', () => {
  test('is given its output', async () => {
    const job = await submit({
      tasks: [
        { kind: 'http', key: 'user', url: `${upstream.url}/users/5` },
        {
          kind: 'http',
          after: ['user'],
          method: 'POST',
          url: `${upstream.url}/echo`,
          json: { whole: '{{tasks.user.output.body}}', text: 'id {{tasks.user.output.body.id}}' },
        },
      ],
    })
    const [, second] = (await resultsOf(job)) as { output: { body: { body: unknown } } }[]
    expect(JSON.stringify(second)).toContain('id 5')
  })

  test('fails by the placeholder that leads to nothing', async () => {
    const job = await submit({
      tasks: [
        { kind: 'sleep', key: 'nap', ms: 1 },
        { kind: 'http', after: ['nap'], url: `${upstream.url}/users/{{tasks.nap.output.id}}` },
      ],
    })
    expect(await resultsOf(job)).toMatchObject([
      { state: 'succeeded' },
      {
        state: 'failed',
        error: { code: 'template_failed', message: expect.stringContaining('{{tasks.nap.output.id}}') },
      },
    ])
  })

  test('is cancelled when that fails, unless it only waits for its end', async () => {
    const job = await submit({
      tasks: [
        { kind: 'http', key: 'bad', url: `${upstream.url}/status/404` },
        { kind: 'sleep', ms: 1, after: ['bad'] },
        { kind: 'sleep', ms: 1, after: [{ task: 'bad', on: 'ended' }] },
      ],
    })
    expect(await resultsOf(job)).toMatchObject([
      { state: 'failed' },
      { state: 'cancelled', error: { code: 'dependency_failed' } },
      { state: 'succeeded' },
    ])
  })

  test('is refused in a circle, and after what is not there', async () => {
    const circle = await submit({
      tasks: [
        { kind: 'sleep', ms: 1, key: 'a', after: ['b'] },
        { kind: 'sleep', ms: 1, key: 'b', after: ['a'] },
      ],
    })
    expect(circle.status).toBe(422)
    const nowhere = await submit({ tasks: [{ kind: 'sleep', ms: 1, after: ['c'] }] })
    expect(nowhere).toMatchObject({ status: 422, detail: expect.stringContaining('"c"') })
  })
})

describe('a secret', () => {
  test('reaches the upstream, and neither store, events, results nor log', async () => {
    const from = logged.length
    const job = await submit({
      tasks: [
        {
          kind: 'http',
          url: `${upstream.url}/echo`,
          method: 'POST',
          headers: { 'x-key': '{{secrets.KEY}}' },
          json: ['{{secrets.KEY}}'],
        },
        {
          kind: 'http',
          url: `${upstream.url}/status/500`,
          text: '{{secrets.KEY}}',
          method: 'POST',
          retry: { attempts: 1 },
        },
        { kind: 'http', url: 'http://127.0.0.1:9/{{secrets.KEY}}', retry: { attempts: 1 } },
      ],
    })
    const echoed = upstream.requests.find(({ path }) => path === '/echo' && upstream.count('/echo') > 0)
    expect(echoed).toBeDefined()
    expect(upstream.requests.some((request) => JSON.stringify(request).includes('hush'))).toBe(true)

    const events = await (await fetch(`${server.url}/jobs/${job.id}/events?after=0`)).text()
    const seen = [events, JSON.stringify(await resultsOf(job)), JSON.stringify(logged.slice(from))]
    for (const i of [0, 1, 2]) seen.push(JSON.stringify(await get(`/jobs/${job.id}/tasks/${i}`)))
    for (const file of readdirSync(dirname(server.database)))
      seen.push(await Bun.file(join(dirname(server.database), file)).text())
    for (const text of seen)
      for (const form of ['hush', encodeURIComponent(secret)]) expect(text).not.toContain(form)
  })

  test('that the server does not have is refused', async () => {
    const job = await submit({
      tasks: [{ kind: 'http', url: upstream.url, headers: { a: '{{secrets.NOPE}}' } }],
    })
    expect(job).toMatchObject({ status: 422, detail: expect.stringContaining('NOPE') })
  })
})

test('the client takes after, too', async () => {
  const sheaf = connect(server.url)
  const { http, sleep } = await import('../../src/client.ts')
  const [, body] = await sheaf.all([
    http<{ id: number }>(`${upstream.url}/users/8`, { key: 'user' }),
    http(`${upstream.url}/users/{{tasks.user.output.body.id}}`, { after: ['user'] }),
    sleep(1, { after: [0] }),
  ])
  expect(body).toMatchObject({ body: { id: 8 } })
  await sheaf.close()
})
