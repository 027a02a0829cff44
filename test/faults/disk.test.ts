import { expect, test } from 'bun:test'
import { temporaryFolder } from '../support/folder.ts'
import { freePort, ServerProcess, UpstreamProcess } from '../support/process.ts'
import { ask, linesOf, ready, submit, unready, until } from './support/ask.ts'
import { limit } from './support/limits.ts'

const reason = 'The database cannot be used: the disk reports an error.'

const filler = { tasks: [{ kind: 'sleep', ms: 3_600_000 }] }

test('a disk that takes no more refuses jobs, keeps the ends of tasks, and is recovered from without a restart', async () => {
  using folder = temporaryFolder()
  await using upstream = await UpstreamProcess.start(folder.path)
  await using server = new ServerProcess(folder.path, freePort())
  await server.ready()
  const task = { kind: 'http', url: `${upstream.url}/slow/800`, timeoutMs: 60_000 }
  const { body: job } = await submit(server.url, { tasks: [task] })
  expect(job.id).toBeString()
  await until(server.url, `/jobs/${job.id}`, ({ body }) => Object(body.counts).running === 1)

  // No file may grow: a disk that is full, for whom it happens to, and no privilege is needed.
  limit(server.pid, 'fileSize', 1n)
  const refused = await submit(server.url, filler)
  expect(refused).toMatchObject({
    status: 503,
    body: { code: 'unavailable', reason: 'disk_failed', detail: reason },
  })
  expect(refused.headers.get('retry-after')).toBe('1')
  const { body, headers } = await unready(server.url)
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(body).toMatchObject({ code: 'unavailable', reason: 'disk_failed', detail: reason })
  expect(Date.parse(String(body.since))).toBeGreaterThan(Date.now() - 60_000)
  expect((await ask(server.url, '/livez')).status).toBe(200)

  // The task ends meanwhile; what is on disk is shown, and only that.
  while ((await upstream.requests()).size === 0) await Bun.sleep(10)
  await Bun.sleep(1_000)
  expect((await ask(server.url, `/jobs/${job.id}`)).body.state).toBe('running')
  expect((await submit(server.url, filler)).status).toBe(503)

  limit(server.pid, 'fileSize')
  await ready(server.url)
  await until(server.url, `/jobs/${job.id}`, ({ body: { state } }) => state === 'succeeded')
  expect([...(await upstream.requests()).values()]).toEqual([1])
  expect((await submit(server.url, filler)).status).toBe(202)
  expect(linesOf(server.stderr.text, reason).map(({ level, message }) => ({ level, message }))).toEqual([
    { level: 'error', message: reason },
    { level: 'warn', message: `Over: ${reason}` },
  ])
  expect(server.stderr.text).toContain('SQLITE_IOERR_WRITE')
}, 20_000)

test('a body that cannot be saved fails its attempt, which may be tried again', async () => {
  using folder = temporaryFolder()
  await using upstream = await UpstreamProcess.start(folder.path)
  await using server = new ServerProcess(folder.path, freePort())
  await server.ready()
  const task = { kind: 'http', url: `${upstream.url}/bytes/4000000`, save: true }
  const { body: job } = await submit(server.url, {
    retry: { attempts: 50, backoff: 'fixed', delayMs: 100 },
    tasks: [task],
  })
  limit(server.pid, 'fileSize', 3_000_000n)
  const path = `/jobs/${job.id}/tasks/0`
  const { body } = await until(
    server.url,
    path,
    ({ body: { failures } }) => Array.isArray(failures) && failures.length > 1,
  )
  expect(body.failures).toContainEqual(
    expect.objectContaining({
      error: { code: 'artifact_failed', message: 'The body could not be saved (EFBIG).' },
    }),
  )
  expect((await ask(server.url, '/readyz')).status).toBe(200)
  limit(server.pid, 'fileSize')
  await until(server.url, path, ({ body: { state } }) => state === 'succeeded')
  expect(linesOf(server.stderr.text, 'A response body could not be saved')).toHaveLength(1)
}, 20_000)
