import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import { sleep } from '../../src/client.ts'
import type { JobView } from '../../src/job/wire.ts'
import { temporaryFolder } from '../support/folder.ts'
import { startServer, type TestServer } from '../support/server.ts'

const text = '0123456789'
const sha256 = new Bun.CryptoHasher('sha256').update(text).digest('hex')

let upstream: Bun.Server<undefined>
let server: TestServer
beforeAll(async () => {
  upstream = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url }) => {
      const size = Number(new URL(url).searchParams.get('size'))
      return new Response(size > 0 ? new Uint8Array(size) : text, {
        headers: { 'content-type': 'text/html' },
      })
    },
  })
  server = await startServer()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await upstream.stop(true)
})

const submit = async (fields: object = {}, job: object = {}, to = server): Promise<JobView> => {
  const task = { kind: 'http', url: `http://127.0.0.1:${upstream.port}/`, save: true, ...fields }
  const response = await fetch(`${to.url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=10' },
    body: JSON.stringify({ tasks: [task, sleep(0)], ...job }),
  })
  return (await response.json()) as JobView
}
const get = (id: string, headers: HeadersInit = {}, method = 'GET') =>
  fetch(`${server.url}/jobs/${id}/tasks/0/artifact`, { headers, method })
const folderOf = (job: JobView, { database }: TestServer = server) => join(`${database}.artifacts`, job.id)

describe('a body that is saved', () => {
  test('is in the output by its size, type and hash, and is there to be had', async () => {
    const job = await submit()
    const task = await (await fetch(`${server.url}/jobs/${job.id}/tasks/0`)).json()
    expect(task).toMatchObject({
      state: 'succeeded',
      output: {
        status: 200,
        headers: { 'content-type': 'text/html' },
        artifact: { bytes: 10, type: 'text/html', sha256 },
      },
    })
    expect(task.output).not.toHaveProperty('body')
    const response = await get(job.id)
    expect(response.status).toBe(200)
    expect(await response.text()).toBe(text)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      etag: `"${sha256}"`,
      'content-type': 'text/html',
      'content-length': '10',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
    })
  })

  test('may be far larger than a result', async () => {
    const bytes = 40_000_000
    const job = await submit({ url: `http://127.0.0.1:${upstream.port}/?size=${bytes}` })
    const body = await (await get(job.id)).bytes()
    expect(body).toHaveLength(bytes)
  })

  test('is on disk under no name but its own', async () => {
    const job = await submit()
    expect(readdirSync(folderOf(job))).toEqual(['0-1'])
  })

  test('of more than maxBytes fails the task, and nothing of it is kept', async () => {
    const job = await submit({ maxBytes: 9 })
    const task = await (await fetch(`${server.url}/jobs/${job.id}/tasks/0`)).json()
    expect(task).toMatchObject({ state: 'failed', error: { code: 'response_too_large' } })
    expect(readdirSync(folderOf(job))).toEqual([])
    expect((await get(job.id)).status).toBe(404)
  })
})

describe('a part of it', () => {
  test.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=8-', '89', 'bytes 8-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-30', text, 'bytes 0-9/10'],
    ['bytes=9-99', '9', 'bytes 9-9/10'],
  ])('%s is %s', async (range, part, where) => {
    const { id } = await submit()
    const response = await get(id, { range })
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe(where)
    expect(response.headers.get('content-length')).toBe(String(part.length))
    expect(await response.text()).toBe(part)
  })

  test.each(['bytes=0-1,4-5', 'bytes=5-2', 'bytes=-', 'lines=1-2', 'bytes=a-b'])(
    '%s is none that is heeded: the answer is the whole',
    async (range) => {
      const { id } = await submit()
      const response = await get(id, { range })
      expect(response.status).toBe(200)
      expect(response.headers.get('content-range')).toBeNull()
      expect(await response.text()).toBe(text)
    },
  )

  test.each(['bytes=10-', 'bytes=-0', 'bytes=99-100'])('%s is not there', async (range) => {
    const { id } = await submit()
    const response = await get(id, { range })
    expect(response.status).toBe(416)
    expect(response.headers.get('content-range')).toBe('bytes */10')
    expect(await response.json()).toMatchObject({ code: 'range_not_satisfiable' })
  })

  test('is only given of the version that is meant', async () => {
    const { id } = await submit()
    const range = 'bytes=0-3'
    expect((await get(id, { range, 'if-range': `"${sha256}"` })).status).toBe(206)
    expect((await get(id, { range, 'if-range': '"other"' })).status).toBe(200)
  })
})

test('who has it is told so', async () => {
  const { id } = await submit()
  const response = await get(id, { 'if-none-match': `"x", W/"${sha256}"` })
  expect(response.status).toBe(304)
  expect(await response.text()).toBe('')
  expect((await get(id, { 'if-none-match': '"x"' })).status).toBe(200)
})

test('HEAD has the headers alone', async () => {
  const { id } = await submit()
  const response = await get(id, {}, 'HEAD')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-length')).toBe('10')
  expect(await response.text()).toBe('')
})

test('a task that saved nothing has none', async () => {
  const { id } = await submit({ save: false })
  expect((await get(id)).status).toBe(404)
  expect((await fetch(`${server.url}/jobs/${id}/tasks/1/artifact`)).status).toBe(404)
  expect((await fetch(`${server.url}/jobs/${id}/tasks/2/artifact`)).status).toBe(404)
})

describe('its file goes', () => {
  /** Deletions follow the answer, and nothing tells of them but the disk. */
  const gone = async (path: string) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = () => {
      if (!existsSync(path)) resolve()
    }
    const watcher = watch(dirname(path), look)
    look()
    await promise
    watcher.close()
  }

  test('with its job', async () => {
    const job = await submit()
    expect(existsSync(folderOf(job))).toBe(true)
    expect((await fetch(`${server.url}/jobs/${job.id}`, { method: 'DELETE' })).ok).toBe(true)
    await gone(folderOf(job))
    expect((await get(job.id)).status).toBe(404)
  })

  test('when its job has been kept for long enough', async () => {
    const job = await submit({}, { keepMs: 0 })
    await gone(folderOf(job))
  })

  test('at the next start, if the server died in between; nothing else does', async () => {
    using folder = temporaryFolder()
    const database = folder.file('sheaf.db')
    const root = `${database}.artifacts`
    const orphan = join(root, '019b7c00-0000-7000-8000-000000000001')
    mkdirSync(orphan, { recursive: true })
    mkdirSync(join(root, 'notes'))
    await using restarted = await startServer({ env: { SHEAF_DATABASE: database } })
    const job = await submit({}, {}, restarted)
    await gone(orphan)
    expect(readdirSync(root).sort()).toEqual([job.id, 'notes'].sort())
  })
})

test('SHEAF_ARTIFACTS names another folder', async () => {
  using folder = temporaryFolder()
  await using other = await startServer({ env: { SHEAF_ARTIFACTS: folder.file('bodies') } })
  const job = await submit({}, {}, other)
  expect(readdirSync(folder.file('bodies'))).toEqual([job.id])
})
