import { afterAll, expect, test } from 'bun:test'
import type { JobView } from '../../src/job/wire.ts'
import { Exposition } from '../support/exposition.ts'
import { temporaryFolder } from '../support/folder.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { startUpstream } from '../support/upstream.ts'

const upstream = startUpstream()
afterAll(() => upstream.stop())

const tokens = { read: 'the-token-for-reading', admin: 'the-token-for-admins' }
const secret = 'nobody-may-see-this-secret'

const start = (database: string) =>
  startServer({
    env: {
      SHEAF_DATABASE: database,
      SHEAF_TOKENS: `read:${tokens.read},admin:${tokens.admin}`,
      SHEAF_SECRET_KEY: secret,
      SHEAF_WEBHOOK_SECRETS: `whsec_${btoa('x'.repeat(24))}`,
    },
  })

const ask = (server: TestServer, method: string, path: string, body: object) =>
  fetch(server.url + path, {
    method,
    headers: {
      authorization: `Bearer ${tokens.admin}`,
      'content-type': 'application/json',
      prefer: 'wait=30',
    },
    body: JSON.stringify(body),
  })

const textOf = async ({ url }: TestServer): Promise<string> => {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${tokens.read}` } })
  expect(response.status).toBe(200)
  return response.text()
}

test('count what real tasks did, name no URL and no secret, and begin anew with a restart', async () => {
  using folder = temporaryFolder()
  const database = folder.file('sheaf.db')
  const { host } = new URL(upstream.url)
  {
    await using server = await start(database)
    await ask(server, 'PUT', '/queues/webhook:*', { paused: true })
    const job = await ask(server, 'POST', '/jobs', {
      name: 'a-name-of-a-job',
      webhook: { url: `${upstream.url}/hook/with-a-path` },
      tasks: [
        { kind: 'http', url: `${upstream.url}/users/1`, headers: { 'x-key': '{{secrets.KEY}}' } },
        { kind: 'http', url: `${upstream.url}/flaky/1/once?key=in-the-query`, retry: { delayMs: 1 } },
        { kind: 'http', url: `${upstream.url}/status/404`, retry: { attempts: 1 } },
        { kind: 'sleep', ms: 0 },
      ],
    })
    expect((await job.json()) as JobView).toMatchObject({ counts: { succeeded: 3, failed: 1 } })
    const text = await textOf(server)
    const seen = new Exposition(text)
    expect(seen.value('sheaf_jobs_ended_total', { state: 'succeeded' })).toBe(1)
    expect(seen.value('sheaf_tasks_ended_total', { kind: 'http', state: 'succeeded' })).toBe(2)
    expect(seen.value('sheaf_tasks_ended_total', { kind: 'http', state: 'failed' })).toBe(1)
    expect(seen.value('sheaf_tasks_ended_total', { kind: 'sleep', state: 'succeeded' })).toBe(1)
    expect(seen.value('sheaf_attempts_total', { kind: 'http', result: 'retry' })).toBe(1)
    expect(seen.value('sheaf_attempt_duration_seconds_count', { kind: 'http' })).toBe(4)
    expect(seen.value('sheaf_queue_tasks', { queue: `webhook:${host}`, state: 'queued' })).toBe(1)
    expect(seen.value('sheaf_database_bytes')).toBeGreaterThan(4_096)
    expect(seen.value('process_resident_memory_bytes')).toBeGreaterThan(1_000_000)
    const private_ = [secret, 'whsec', ...Object.values(tokens), 'with-a-path', 'in-the-query', 'a-name-of']
    for (const word of [...private_, '/users', 'http://', database, job.headers.get('location') ?? ''])
      expect(text).not.toContain(word)
  }
  await using again = await start(database)
  const seen = new Exposition(await textOf(again))
  expect(seen.value('sheaf_jobs_submitted_total')).toBe(0)
  expect(seen.value('sheaf_tasks_ended_total', { kind: 'http', state: 'succeeded' })).toBe(0)
  expect(seen.value('sheaf_attempt_duration_seconds_count', { kind: 'http' })).toBe(0)
  expect(seen.value('sheaf_queue_tasks', { queue: `webhook:${host}`, state: 'queued' })).toBe(1)
})

test('show who listens', async () => {
  await using server = await startServer()
  const response = await fetch(`${server.url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tasks: [{ kind: 'sleep', ms: 600_000 }] }),
  })
  const { id } = (await response.json()) as JobView
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/events`)
  socket.onopen = () => socket.send(JSON.stringify({ type: 'subscribe', job: id }))
  await new Promise((resolve) => {
    socket.onmessage = resolve
  })
  const stream = await fetch(`${server.url}/jobs/${id}/events`)
  const seen = new Exposition(await (await fetch(`${server.url}/metrics`)).text())
  expect(seen.value('sheaf_streams', { transport: 'websocket' })).toBe(1)
  expect(seen.value('sheaf_streams', { transport: 'sse' })).toBe(1)
  expect(seen.value('sheaf_streams', { transport: 'results' })).toBe(0)
  expect(seen.value('sheaf_followers')).toBe(2)
  await stream.body?.cancel()
  socket.close()
})
