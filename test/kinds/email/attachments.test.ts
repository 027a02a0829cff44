import { afterEach, describe, expect, test } from 'bun:test'
import { readdirSync, writeFileSync } from 'node:fs'
import { filenameOf, mediaTypeOf } from '../../../src/kinds/email/file.ts'
import { createEmail } from '../../../src/kinds/email.ts'
import { openBucket } from '../../../src/kinds/http/artifacts/bucket.ts'
import { openFolder } from '../../../src/kinds/http/artifacts/folder.ts'
import type { Artifacts } from '../../../src/kinds/http/artifacts.ts'
import type { EndedTask } from '../../../src/kinds/kind.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { TestContext } from '../context.ts'
import { startS3 } from '../http/s3-server.ts'
import { filesOf, sha256 } from './parts.ts'
import { outputOf, run, Started, settingsOf } from './server.ts'

const started = new Started()
const folders: Disposable[] = []
afterEach(async () => {
  await started.stop()
  for (const folder of folders.splice(0)) folder[Symbol.dispose]()
})

/** Any byte, and line ends of each sort, which an encoding for text would change. */
const report = new Uint8Array(300_000).map((_, at) => (at % 7 === 0 ? 10 : at % 251))

/** What the task of this key, which has index 1 and succeeded at its second attempt, saved. */
const saved = (fields: Partial<EndedTask> = {}, artifact: object = {}): EndedTask => {
  const of = { bytes: report.length, type: 'application/pdf', sha256: sha256(report), ...artifact }
  const output = JSON.stringify({ status: 200, headers: {}, artifact: of })
  return { index: 1, key: 'report', kind: 'http', state: 'succeeded', attempt: 2, output, ...fields }
}

const contextOf = (task: EndedTask | undefined = saved()): TestContext => {
  const context = new TestContext()
  if (task) context.dependencies.set('report', task)
  return context
}

const makeFolder = () => {
  const folder = temporaryFolder()
  folders.push(folder)
  return { artifacts: openFolder(folder.path), path: folder.path }
}

const fill = async (artifacts: Artifacts, attempt = 2, body = report) =>
  artifacts.save({ job: new TestContext().job, index: 1, attempt }, new Blob([body]).stream(), body.length)

const attachments = [{ artifact: 'report' }]

describe('a saved body is attached', () => {
  test('byte for byte, of the attempt that succeeded, under the key of its task', async () => {
    const server = await started.smtp()
    const { artifacts } = makeFolder()
    await fill(artifacts, 1, new Uint8Array(9))
    await fill(artifacts)
    const kind = started.kind(server.port, {}, { artifacts })
    outputOf(await run(kind, { attachments }, contextOf()))
    expect(filesOf(server.last)).toEqual([
      {
        filename: 'report.pdf',
        contentType: 'application/pdf',
        sha256: sha256(report),
        bytes: report.length,
      },
    ])
  })

  test('from a bucket, too', async () => {
    await using s3 = startS3()
    const server = await started.smtp()
    const artifacts = openBucket({ bucket: 'b', prefix: 'p/', client: s3.client })
    await fill(artifacts)
    const kind = started.kind(server.port, {}, { artifacts })
    outputOf(await run(kind, { attachments }, contextOf()))
    expect(filesOf(server.last)).toMatchObject([{ sha256: sha256(report) }])
  })

  test('with the name and type that the message gives it, beside other attachments and itself', async () => {
    const server = await started.smtp()
    const { artifacts } = makeFolder()
    await fill(artifacts)
    const kind = started.kind(server.port, {}, { artifacts })
    const all = [
      { artifact: 'report', filename: 'a.bin', contentType: 'text/csv' },
      { filename: 'b.txt', text: 'b' },
      { artifact: 'report' },
    ]
    outputOf(await run(kind, { attachments: all }, contextOf()))
    expect(filesOf(server.last)).toMatchObject([
      { filename: 'a.bin', contentType: 'text/csv', sha256: sha256(report) },
      { filename: 'b.txt', sha256: sha256('b') },
      { filename: 'report.pdf', sha256: sha256(report) },
    ])
  })

  test('when it is empty', async () => {
    const server = await started.smtp()
    const { artifacts } = makeFolder()
    await fill(artifacts, 2, new Uint8Array())
    const task = saved({}, { bytes: 0, sha256: sha256('') })
    outputOf(await run(started.kind(server.port, {}, { artifacts }), { attachments }, contextOf(task)))
    expect(filesOf(server.last)).toMatchObject([{ filename: 'report.pdf', bytes: 0 }])
  })

  test('over a new connection when the server closed the kept one', async () => {
    const server = await started.smtp()
    const { artifacts } = makeFolder()
    await fill(artifacts)
    const kind = started.kind(server.port, {}, { artifacts })
    outputOf(await run(kind))
    server.sockets[0]?.destroy()
    outputOf(await run(kind, { attachments }, contextOf()))
    expect(server.mails).toHaveLength(2)
    expect(filesOf(server.last)).toMatchObject([{ sha256: sha256(report) }])
  })
})

describe('a message fails for good, and is not sent,', () => {
  const failing = async (task: EndedTask | undefined, artifacts?: Artifacts) => {
    const server = await started.smtp()
    const context = contextOf(task)
    if (!task) context.dependencies.clear()
    const result = await run(started.kind(server.port, {}, { artifacts }), { attachments }, context)
    expect(server.mails).toEqual([])
    return result
  }

  test.each<[string, EndedTask | undefined, string, string]>([
    ['when it does not come after the task', undefined, 'not_after', 'this task does not come after it'],
    [
      'when the task failed',
      saved({ state: 'failed', output: undefined }),
      'not_succeeded',
      'it did not succeed',
    ],
    ['when the task was cancelled', saved({ state: 'cancelled' }), 'not_succeeded', 'it did not succeed'],
    [
      'when the task saved nothing',
      saved({ output: '{"status":200,"body":1}' }),
      'not_saved',
      'it saved no body',
    ],
    ['when the task is of another kind', saved({ kind: 'call' }), 'not_saved', 'it saved no body'],
    ['when the body is gone', saved(), 'gone', 'the body that it saved is not there any more'],
  ])('%s', async (_, task, reason, why) => {
    expect(await failing(task, makeFolder().artifacts)).toEqual({
      type: 'failed',
      retryable: false,
      error: {
        code: 'attachment_failed',
        message: `The file of "attachments[0]" cannot be had from the task "report": ${why}.`,
        details: { reason, attachment: 0, task: 'report' },
      },
    })
  })

  test('when the server keeps nothing', async () => {
    expect(await failing(saved())).toMatchObject({ retryable: false, error: { details: { reason: 'gone' } } })
  })

  test('when the body is gone from a bucket', async () => {
    await using s3 = startS3()
    const artifacts = openBucket({ bucket: 'b', prefix: '', client: s3.client })
    expect(await failing(saved(), artifacts)).toMatchObject({ error: { details: { reason: 'gone' } } })
  })

  test('when all of them are too large, which is known before any is read', async () => {
    expect(await failing(saved({}, { bytes: 104_857_601 }))).toEqual({
      type: 'failed',
      retryable: false,
      error: {
        code: 'attachment_failed',
        message: 'Expected "attachments" of at most 104857600 bytes in all, got 104857601.',
        details: { reason: 'too_large' },
      },
    })
  })
})

describe('a message may be tried again, and is not sent,', () => {
  test('when other bytes are read than were saved', async () => {
    const server = await started.smtp()
    const { artifacts, path } = makeFolder()
    await fill(artifacts)
    const { job } = new TestContext()
    expect(readdirSync(`${path}/${job}`)).toEqual(['1-2'])
    writeFileSync(`${path}/${job}/1-2`, report.toReversed())
    const result = await run(started.kind(server.port, {}, { artifacts }), { attachments }, contextOf())
    expect(result).toMatchObject({
      retryable: true,
      error: { code: 'attachment_failed', details: { reason: 'changed' } },
    })
    expect(server.mails).toEqual([])
  })

  test('when it cannot be read', async () => {
    const server = await started.smtp()
    const artifacts: Artifacts = {
      ...makeFolder().artifacts,
      read: async () => {
        throw new Error('/secret/path is on fire')
      },
    }
    const result = await run(started.kind(server.port, {}, { artifacts }), { attachments }, contextOf())
    expect(result).toMatchObject({
      retryable: true,
      error: { code: 'attachment_failed', details: { reason: 'unreadable' } },
    })
    expect(JSON.stringify(result)).not.toContain('secret')
    expect(server.mails).toEqual([])
  })
})

/** Artifacts that never end, and what became of who read them. */
const endless = () => {
  const { promise: reading, resolve: read } = Promise.withResolvers<void>()
  const { promise: left, resolve: leave } = Promise.withResolvers<void>()
  const opened: object[] = []
  const artifacts: Artifacts = {
    ...makeFolder().artifacts,
    read: async (id) => {
      opened.push(id)
      return new ReadableStream<Uint8Array>({
        pull: (controller) => {
          controller.enqueue(new Uint8Array(100))
          read()
        },
        cancel: () => leave(),
      })
    },
  }
  return { artifacts, opened, reading, left }
}

test('an attempt that ends while it sends lets go of what it reads', async () => {
  const server = await started.smtp()
  const { artifacts, reading, left, opened } = endless()
  const context = contextOf()
  const result = run(started.kind(server.port, {}, { artifacts }), { attachments }, context)
  await reading
  context.controller.abort()
  expect(await result).toMatchObject({ error: { code: 'cancelled' } })
  await left
  expect(opened).toEqual([{ job: context.job, index: 1, attempt: 2 }])
})

test('nothing is opened before there is a connection to send it over', async () => {
  const server = await started.raw(() => {})
  await server.stop()
  const { artifacts, opened } = endless()
  const result = await run(started.kind(server.port, {}, { artifacts }), { attachments }, contextOf())
  expect(result).toMatchObject({ error: { code: 'connect_failed' } })
  expect(opened).toEqual([])
  server.server.listen(0)
})

describe('what a body came with', () => {
  test.each([
    ['application/pdf', 'application/pdf'],
    ['TEXT/HTML; Charset="UTF-8"', 'text/html; charset=UTF-8'],
    ['text/csv; header=present; charset=utf-8', 'text/csv'],
    ['application/vnd.api+json ; charset=utf-8', 'application/vnd.api+json; charset=utf-8'],
    ['multipart/mixed; boundary=x', 'application/octet-stream'],
    ['message/rfc822', 'application/octet-stream'],
    ['text/html, text/plain', 'application/octet-stream'],
    ['text/html\u00ff', 'application/octet-stream'],
    ['', 'application/octet-stream'],
  ])('%j is sent as %s', (type, sent) => {
    expect(mediaTypeOf(type)).toBe(sent)
  })

  test.each([
    ['report', 'application/pdf', 'report.pdf'],
    ['report', 'text/csv; charset=utf-8', 'report.csv'],
    ['report.v2.xlsx', 'application/octet-stream', 'report.v2.xlsx'],
    ['report', 'application/octet-stream', 'report'],
    ['report', 'application/x-unheard-of', 'report'],
    [undefined, 'application/zip', 'task-3.zip'],
  ])('of the task %j and the type %s is called %s', (key, type, name) => {
    expect(filenameOf({ key, index: 3 }, type)).toBe(name)
  })
})

test('the fields that name tasks are found wherever there are no placeholders', () => {
  const { artifacts } = createEmail(settingsOf(25))
  const uses = (value: unknown) => artifacts?.({ attachments: value } as never, 'tasks[0]')
  expect(uses([{ artifact: 'a' }, '{{item}}', null, { text: '' }, { artifact: 2 }])).toEqual([
    { task: 'a', field: 'tasks[0].attachments[0].artifact' },
    { task: 2, field: 'tasks[0].attachments[4].artifact' },
  ])
  expect(uses('{{item}}')).toEqual([])
  expect(uses(undefined)).toEqual([])
})
