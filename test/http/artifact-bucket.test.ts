import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { JobView } from '../../src/job/wire.ts'
import { startS3 } from '../kinds/http/s3-server.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort, ServerProcess } from '../support/process.ts'

const text = '0123456789'
const sha256 = new Bun.CryptoHasher('sha256').update(text).digest('hex')

const folder = temporaryFolder()
let s3: ReturnType<typeof startS3>
let upstream: Bun.Server<undefined>
let server: ServerProcess
let job: JobView

/** The server is a process of its own: the keys of a bucket are in its environment. */
beforeAll(async () => {
  s3 = startS3()
  upstream = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response(text) })
  const { endpoint, accessKeyId, secretAccessKey } = s3.client
  server = await new ServerProcess(folder.path, freePort(), {
    SHEAF_ARTIFACTS: 's3://bucket/some/where',
    S3_ENDPOINT: endpoint,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
  }).ready()
  job = await submit()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await upstream.stop(true)
  await s3[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

const submit = async (): Promise<JobView> => {
  const task = { kind: 'http', url: `http://127.0.0.1:${upstream.port}/`, save: true }
  const response = await fetch(`${server.url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=10' },
    body: JSON.stringify({ tasks: [task] }),
  })
  return (await response.json()) as JobView
}
const get = (headers: HeadersInit = {}, method = 'GET', { id } = job) =>
  fetch(`${server.url}/jobs/${id}/tasks/0/artifact`, { headers, method })

/** It comes as a stream, which Bun sends in chunks and without its length. */
describe('a body in a bucket', () => {
  test('is there under the name of its attempt, and is given whole', async () => {
    expect(job).toMatchObject({ state: 'succeeded', counts: { succeeded: 1 } })
    expect([...s3.objects.keys()]).toEqual([`some/where/${job.id}/0-1`])
    const response = await get()
    expect(response.status).toBe(200)
    expect(response.headers.get('etag')).toBe(`"${sha256}"`)
    expect(await response.text()).toBe(text)
  })

  test('has its headers alone for HEAD, and for who has it nothing', async () => {
    const head = await get({}, 'HEAD')
    expect(head.headers.get('content-length')).toBe('10')
    expect(await head.text()).toBe('')
    expect((await get({ 'if-none-match': `"${sha256}"` })).status).toBe(304)
  })

  test.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=8-', '89', 'bytes 8-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=9-99', '9', 'bytes 9-9/10'],
  ])('is given in part: %s is %s', async (range, part, where) => {
    const response = await get({ range })
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe(where)
    expect(await response.text()).toBe(part)
  })

  test.each(['bytes=10-', 'bytes=-0'])('has no %s', async (range) => {
    const response = await get({ range })
    expect(response.status).toBe(416)
    expect(response.headers.get('content-range')).toBe('bytes */10')
    expect(await response.json()).toMatchObject({ code: 'range_not_satisfiable' })
  })

  test('is not found once its object is gone', async () => {
    const gone = await submit()
    expect((await get({}, 'GET', gone)).status).toBe(200)
    s3.objects.delete(`some/where/${gone.id}/0-1`)
    for (const headers of [{}, { range: 'bytes=0-3' }]) {
      const response = await get(headers, 'GET', gone)
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ code: 'not_found' })
    }
  })
})
