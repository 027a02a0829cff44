import { describe, expect, test } from 'bun:test'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllow } from '../../../src/kinds/egress/allow.ts'
import { createEgress } from '../../../src/kinds/egress/egress.ts'
import { openBucket, readBucket } from '../../../src/kinds/http/artifacts/bucket.ts'
import { openFolder } from '../../../src/kinds/http/artifacts/folder.ts'
import { ArtifactFailed, type Artifacts } from '../../../src/kinds/http/artifacts.ts'
import { createHttp } from '../../../src/kinds/http.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { TestContext } from '../context.ts'
import { startS3 } from './s3-server.ts'

const job = '019b7c00-0000-7000-8000-000000000001'
const id = { job, index: 3, attempt: 2 }
const sha256 = (bytes: string | Uint8Array) => new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
const streamOf = (text: string | Uint8Array<ArrayBuffer>) => new Blob([text]).stream()
/** Gives a chunk, and breaks off. */
const broken = () => {
  let count = 0
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (count++ === 0) controller.enqueue(new Uint8Array(10))
      else controller.error(new Error('reset'))
    },
  })
}

interface Place extends AsyncDisposable {
  artifacts: Artifacts
  /** The names of everything in it. */
  names(): string[]
}

const folder = async (): Promise<Place> => {
  const temporary = temporaryFolder()
  const root = temporary.file('deep/bodies')
  return {
    artifacts: openFolder(root),
    names: () =>
      readdirSync(root, { recursive: true })
        .map(String)
        .filter((name) => name.includes('/')),
    [Symbol.asyncDispose]: async () => temporary[Symbol.dispose](),
  }
}

const bucket = async (): Promise<Place> => {
  const s3 = startS3()
  return {
    artifacts: openBucket({ bucket: 'b', prefix: 'some/where/', client: s3.client }),
    names: () => [...s3.objects.keys()].map((key) => key.replace(/^some\/where\//, '')),
    [Symbol.asyncDispose]: () => s3[Symbol.asyncDispose](),
  }
}

describe.each([
  ['a folder', folder],
  ['a bucket', bucket],
])('%s', (_, open) => {
  test('keeps a body, and gives any part of it', async () => {
    await using place = await open()
    expect(await place.artifacts.save(id, streamOf('0123456789'), 10)).toEqual({
      bytes: 10,
      sha256: sha256('0123456789'),
    })
    expect(place.names()).toEqual([`${job}/3-2`])
    const read = async (from: number, to: number) => {
      const part = await place.artifacts.read(id, from, to)
      return part && new Response(part).text()
    }
    expect(await read(0, 10)).toBe('0123456789')
    expect(await read(2, 5)).toBe('234')
    expect(await place.artifacts.read({ ...id, attempt: 3 }, 0, 1)).toBeUndefined()
  })

  test('keeps an empty body', async () => {
    await using place = await open()
    expect(await place.artifacts.save(id, streamOf(''), 10)).toEqual({ bytes: 0, sha256: sha256('') })
    const body = await place.artifacts.read(id, 0, 0)
    expect(await new Response(body ?? 'missing').text()).toBe('')
  })

  test('keeps a large body to the byte', async () => {
    await using place = await open()
    const bytes = new Uint8Array(12_000_000).map((_, at) => at % 251)
    expect(await place.artifacts.save(id, streamOf(bytes), bytes.length)).toEqual({
      bytes: bytes.length,
      sha256: sha256(bytes),
    })
    const whole = await place.artifacts.read(id, 0, bytes.length)
    expect(sha256(await new Response(whole ?? '').bytes())).toBe(sha256(bytes))
  })

  test('keeps nothing of a body that is too large, and lets go of where it came from', async () => {
    await using place = await open()
    const { promise: cancelled, resolve } = Promise.withResolvers<void>()
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1_000)),
      cancel: () => resolve(),
    })
    expect(await place.artifacts.save(id, endless, 10_000)).toBeUndefined()
    await cancelled
    expect(place.names()).toEqual([])
  })

  test('keeps nothing of a body that breaks off, and says so as the stream does', async () => {
    await using place = await open()
    await expect(place.artifacts.save(id, broken(), 10_000)).rejects.toThrow('reset')
    expect(place.names()).toEqual([])
  })

  test('lets go of one job, and of no other', async () => {
    await using place = await open()
    const other = { ...id, job: job.replace('1', '2') }
    for (const index of [1, 2, 3, 4, 5]) await place.artifacts.save({ ...id, index }, streamOf('x'), 1)
    await place.artifacts.save(other, streamOf('y'), 1)
    await place.artifacts.remove(job)
    expect(place.names()).toEqual([`${other.job}/3-2`])
    await place.artifacts.remove(job)
  })
})

test('a task that is aborted while it saves leaves nothing, and lets go of the server', async () => {
  await using place = await folder()
  const { promise: left, resolve } = Promise.withResolvers<void>()
  const { promise: saving, resolve: begin } = Promise.withResolvers<void>()
  await using upstream = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ signal }) => {
      signal.addEventListener('abort', () => resolve())
      let sent = false
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
        if (sent) return new Promise<never>(() => {})
        sent = true
        return controller.enqueue(new Uint8Array(100_000))
      }
      return new Response(new ReadableStream<Uint8Array>({ pull }))
    },
  })
  const egress = createEgress({ allow: parseAllow('127.0.0.1') ?? [] })
  const transform = (chunk: Uint8Array, to: TransformStreamDefaultController<Uint8Array>) => {
    to.enqueue(chunk)
    begin()
  }
  const artifacts: Artifacts = {
    ...place.artifacts,
    save: (id, body, most) =>
      place.artifacts.save(id, body.pipeThrough(new TransformStream({ transform })), most),
  }
  const context = new TestContext()
  const result = createHttp({ egress, artifacts }).run(
    { url: upstream.url.href.replace('localhost', '127.0.0.1'), save: true },
    context,
  )
  await saving
  context.controller.abort()
  expect(await result).toMatchObject({ error: { code: 'cancelled' } })
  await left
  expect(place.names()).toEqual([])
})

test('a folder is for the eyes of its owner alone', async () => {
  using temporary = temporaryFolder()
  const root = temporary.file('bodies')
  await openFolder(root).save(id, streamOf('x'), 1)
  expect(statSync(join(root, job)).mode & 0o777).toBe(0o700)
  expect(statSync(join(root, job, '3-2')).mode & 0o777).toBe(0o600)
})

describe('a place that cannot be written', () => {
  test('says why, and shows no path', async () => {
    using temporary = temporaryFolder()
    writeFileSync(temporary.file('taken'), '')
    const failure = await openFolder(temporary.file('taken'))
      .save(id, streamOf('x'), 1)
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ArtifactFailed)
    expect(String(failure)).toBe('ArtifactFailed: The body could not be saved (ENOTDIR).')
  })

  test('is one that the bucket does not let us write', async () => {
    await using s3 = startS3()
    const client = { ...s3.client, accessKeyId: 'wrong-key' }
    const artifacts = openBucket({ bucket: 'b', prefix: '', client })
    await expect(artifacts.save(id, streamOf('x'), 1)).rejects.toBeInstanceOf(ArtifactFailed)
  })
})

test.each([
  ['s3://bucket', { bucket: 'bucket', prefix: '' }],
  ['s3://bucket/', { bucket: 'bucket', prefix: '' }],
  ['s3://my.bucket/a/b', { bucket: 'my.bucket', prefix: 'a/b/' }],
  ['s3://my.bucket/a/b/', { bucket: 'my.bucket', prefix: 'a/b/' }],
  ['./folder', undefined],
])('%s names %j', (text, expected) => {
  expect(readBucket(text)).toEqual(expected)
})

describe('a task is refused', () => {
  const check = (fields: object, kind = createHttp({ artifacts: openFolder('nowhere') })) =>
    (kind.check?.({ url: 'https://example.com/', ...fields }, 'tasks[0]') ?? []).map(({ message }) => message)

  test('that saves where nothing is saved, or what is not kept', () => {
    expect(check({ save: true })).toEqual([])
    expect(check({ save: true }, createHttp())).toEqual([
      'Expected "tasks[0].save" to be left out, because this server saves nothing, got true.',
    ])
    expect(check({ save: true, parse: 'json' })).toEqual([
      'Expected "tasks[0].parse" to be left out, because the body is saved, got "json".',
    ])
    expect(check({ save: true, expect: { bodyMatches: 'x' } })).toEqual([
      'Expected "tasks[0].expect.bodyMatches" to be left out, because the body is saved, got "x".',
    ])
  })

  test('that wants more in its output than may be there', () => {
    expect(check({ save: true, maxBytes: 1_000_000_000 })).toEqual([])
    expect(check({ maxBytes: 16_777_217 })).toEqual([
      'Expected "tasks[0].maxBytes" of at most 16777216, unless the body is saved, got 16777217.',
    ])
  })
})
