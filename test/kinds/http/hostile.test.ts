import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { WholeTaskView } from '../../../src/job/wire.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { startWire, type Wire } from '../../support/wire.ts'
import { type HostileServer, startHostile } from './hostile-server.ts'

let sheaf: TestServer
let hostile: HostileServer
let wire: Wire
beforeAll(async () => {
  sheaf = await startServer()
  hostile = startHostile()
  wire = startWire()
})
afterAll(async () => {
  hostile[Symbol.dispose]()
  wire.stop()
  await sheaf[Symbol.asyncDispose]()
})

/** Runs the task on the real server, once, and gives it back with its end. */
const ended = async (url: string, fields: object = {}): Promise<WholeTaskView> => {
  const task = { kind: 'http', url, timeoutMs: 300, retry: { attempts: 1 }, ...fields }
  const response = await fetch(`${sheaf.url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=10' },
    body: JSON.stringify({ tasks: [task] }),
  })
  const { id } = (await response.json()) as { id: string }
  return (await (await fetch(`${sheaf.url}/jobs/${id}/tasks/0`)).json()) as WholeTaskView
}

test.concurrent.each([
  '/nothing',
  '/half-a-status',
  '/headers-only',
  '/half-a-body',
  '/half-a-chunk',
  '/slow-headers',
  '/slow-body',
  '/slow-chunks',
  '/slow-error',
  '/slow-redirect',
  '/slow-informal',
])('%s ends with timeout, and the connection with it', async (path) => {
  expect(await ended(hostile.url + path)).toMatchObject({ state: 'failed', error: { code: 'timeout' } })
  await hostile.left(path)
})

test.concurrent.each([
  ['/endless-body', 'response_too_large'],
  ['/endless-chunks', 'response_too_large'],
  ['/endless-headers', 'invalid_response'],
  ['/endless-line', 'invalid_response'],
])('%s ends with %s as soon as it is too much', async (path, code) => {
  expect(await ended(hostile.url + path, { timeoutMs: 30_000 })).toMatchObject({ error: { code } })
  await hostile.left(path)
})

test.concurrent.each([
  ['/close', 'connection_lost'],
  ['/reset', 'connection_lost'],
  ['/cut-length', 'connection_lost'],
  ['/cut-chunked', 'connection_lost'],
  ['/reset-length', 'connection_lost'],
  ['/bad-chunk', 'invalid_response'],
  ['/bad-length', 'invalid_response'],
  ['/bad-gzip', 'invalid_response'],
  ['/garbage', 'invalid_response'],
])('%s ends with %s', async (path, code) => {
  expect(await ended(wire.url + path, { timeoutMs: 30_000 })).toMatchObject({ error: { code } })
})

test('TLS with a server that speaks none ends with tls_failed', async () => {
  const url = wire.url.replace('http:', 'https:')
  expect(await ended(url, { timeoutMs: 30_000 })).toMatchObject({ error: { code: 'tls_failed' } })
})
