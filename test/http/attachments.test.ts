import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect, email, http } from '../../src/client.ts'
import type { JobView } from '../../src/job/wire.ts'
import { filesOf, sha256 } from '../kinds/email/parts.ts'
import { type Listener, startSmtp } from '../kinds/email/server.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** More than a buffer of any stream on the way holds, and not text. */
const report = new Uint8Array(2_000_000).map((_, at) => (at * at) % 253)

/** How the upstream answers a path, again and again: with what is left of its list, then with the report. */
const failures = new Map<string, number[]>()
let upstream: Bun.Server<undefined>
let smtp: Listener
let server: TestServer

beforeAll(async () => {
  upstream = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url }) => {
      const { pathname } = new URL(url)
      if (pathname === '/list') return Response.json([{ artifact: 'report' }])
      const status = failures.get(pathname)?.shift() ?? 200
      return status === 200
        ? new Response(report, { headers: { 'content-type': 'application/pdf' } })
        : new Response('not yet', { status })
    },
  })
  smtp = await startSmtp()
  const env = { SHEAF_SMTP: `smtp://127.0.0.1:${smtp.port}?from=sheaf@example.com` }
  server = await startServer({ env })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await smtp.stop()
  await upstream.stop(true)
})

const saving = (path: string, fields: object = {}) => ({
  kind: 'http',
  key: 'report',
  url: `http://127.0.0.1:${upstream.port}${path}`,
  save: true,
  retry: { delayMs: 0 },
  ...fields,
})
const mailing = (fields: object = {}) => ({
  kind: 'email',
  to: 'ada@example.com',
  subject: 'Your report',
  text: 'It is attached.',
  after: ['report'],
  attachments: [{ artifact: 'report' }],
  ...fields,
})

const post = async (path: string, body?: object) => {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=10' },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: response.status, ...((await response.json()) as JobView & { detail: string }) }
}
const submit = (...tasks: object[]) => post('/jobs', { tasks })
const taskOf = async ({ id }: { id: string }, index: number) =>
  (await fetch(`${server.url}/jobs/${id}/tasks/${index}`)).json() as Promise<object>

const attached = { filename: 'report.pdf', contentType: 'application/pdf', sha256: sha256(report) }

describe('a mail attaches what another task of its job saved', () => {
  test('byte for byte', async () => {
    const job = await submit(saving('/at-once'), mailing())
    expect(job.counts.succeeded).toBe(2)
    expect(filesOf(smtp.last)).toMatchObject([attached])
    expect(await taskOf(job, 0)).toMatchObject({ output: { artifact: { sha256: sha256(report) } } })
  })

  test('at the attempt that succeeded, by its index', async () => {
    failures.set('/second', [503])
    const job = await submit(
      mailing({ after: [1], attachments: [{ artifact: 1, filename: 'r.pdf' }] }),
      saving('/second', { key: undefined }),
    )
    expect(await taskOf(job, 1)).toMatchObject({ state: 'succeeded', attempt: 2 })
    expect(filesOf(smtp.last)).toMatchObject([{ ...attached, filename: 'r.pdf' }])
  })

  test('once both are revived', async () => {
    failures.set('/revived', [404])
    const { id } = await submit(saving('/revived'), mailing())
    expect(await taskOf({ id }, 1)).toMatchObject({ error: { code: 'dependency_failed' } })
    const before = smtp.mails.length
    await post(`/jobs/${id}/retry`)
    await server.engine.ended(id, 10_000)
    expect(await taskOf({ id }, 1)).toMatchObject({ state: 'succeeded' })
    expect(smtp.mails).toHaveLength(before + 1)
    expect(filesOf(smtp.last)).toMatchObject([attached])
  })

  test('as the client submits it', async () => {
    const sheaf = connect(server.url)
    const [{ artifact }, { accepted }] = await sheaf.all([
      http(`http://127.0.0.1:${upstream.port}/client`, { key: 'report', save: true }),
      email({
        to: 'ada@example.com',
        subject: '',
        text: '',
        after: ['report'],
        attachments: [{ artifact: 'report' }, { filename: 'a.txt', text: 'a' }],
      }),
    ])
    expect(accepted).toEqual(['ada@example.com'])
    expect(filesOf(smtp.last)).toMatchObject([{ sha256: artifact.sha256 }, { filename: 'a.txt' }])
    await sheaf.close()
  })
})

describe('a mail is not sent', () => {
  const refused = async (task: object, ...others: object[]) => {
    const before = smtp.mails.length
    const job = await submit(task, ...others)
    expect(smtp.mails).toHaveLength(before)
    return taskOf(job, 1)
  }

  test('when the task it attaches failed, and is not tried again', async () => {
    failures.set('/failing', [404])
    const after = [{ task: 'report', on: 'ended' }]
    expect(await refused(saving('/failing'), mailing({ after }))).toMatchObject({
      state: 'failed',
      attempt: 1,
      error: {
        code: 'attachment_failed',
        details: { reason: 'not_succeeded', attachment: 0, task: 'report' },
      },
    })
  })

  test('when it attaches, by a placeholder, what it does not come after', async () => {
    const list = saving('/list', { key: 'list', save: false })
    const mail = mailing({ after: ['list', 2], attachments: '{{tasks.list.output.body}}' })
    expect(await refused(list, mail, { kind: 'sleep', ms: 0 }, saving('/other'))).toMatchObject({
      state: 'failed',
      attempt: 1,
      error: { code: 'attachment_failed', details: { reason: 'not_after', task: 'report' } },
    })
  })

  test('when the job is refused', async () => {
    const job = await submit(saving('/unnamed'), mailing({ after: [] }))
    expect(job).toMatchObject({
      status: 422,
      detail:
        'Expected "tasks[1].attachments[0].artifact" to be a task that "tasks[1].after" names, got "report".',
    })
  })
})

test('the documentation says what an attachment may be', async () => {
  const document = JSON.stringify(await (await fetch(`${server.url}/swagger/json`)).json())
  expect(document).toContain('exactly one of `text`, `base64` and `artifact`')
})
