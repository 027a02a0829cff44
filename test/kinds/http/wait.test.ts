import { describe, expect, test } from 'bun:test'
import { startServer } from '../../support/server.ts'
import { answering } from './answering.ts'

const refusing = (headers: HeadersInit, status = 429) =>
  answering(() => new Response('slow down', { status, headers }))
const inAnHour = () => new Date(Date.now() + 3_600_000)
const date = 'Fri, 20 Nov 2026 12:00:00 GMT'
const epoch = Date.parse(date) / 1_000

describe('a server that asks to be left alone', () => {
  test.each<[Record<string, string>, number]>([
    [{ 'retry-after': '7' }, 7_000],
    [{ 'retry-after': '0' }, 1_000],
    [{ 'retry-after': 'Fri, 20 Nov 2026 12:00:30 GMT', date }, 30_000],
    [{ 'retry-after': 'Fri, 20 Nov 2026 11:00:00 GMT', date }, 1_000],
    [{ 'ratelimit-remaining': '0', 'ratelimit-reset': '20' }, 20_000],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(epoch + 40), date }, 40_000],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${epoch + 40}000`, date }, 40_000],
    [{ ratelimit: '"default";r=0;t=50' }, 50_000],
    [{ 'retry-after': '7', 'ratelimit-remaining': '0', 'ratelimit-reset': '20' }, 7_000],
  ])('with %j is, and no attempt is spent', async (headers, delayMs) => {
    await using upstream = refusing(headers)
    expect(await upstream.run('/')).toEqual({ type: 'snoozed', delayMs })
  })

  test('until a time, by our own clock if it tells no date', async () => {
    await using upstream = refusing({ 'retry-after': inAnHour().toUTCString(), date: '' })
    const result = await upstream.run('/', { maxWaitMs: 7_200_000 })
    if (result.type !== 'snoozed') throw new Error(JSON.stringify(result))
    expect(result.delayMs).toBeWithin(3_500_000, 3_600_001)
  })

  test.each([503, 429])('says so with %d', async (status) => {
    await using upstream = refusing({ 'retry-after': '7' }, status)
    expect(await upstream.run('/')).toMatchObject({ type: 'snoozed' })
  })

  test('with another status is heard if the task retries on that', async () => {
    await using upstream = refusing({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9' }, 403)
    expect(await upstream.run('/')).toMatchObject({ type: 'failed', retryable: false })
    expect(await upstream.run('/', { retryOn: { status: [403] } })).toEqual({
      type: 'snoozed',
      delayMs: 9_000,
    })
  })
})

describe('a wait', () => {
  test('of more than maxWaitMs fails the task, which says how long it was', async () => {
    await using upstream = refusing({ 'retry-after': '3601' })
    expect(await upstream.run('/')).toEqual({
      type: 'failed',
      error: {
        code: 'unexpected_status',
        message:
          'Expected status 2xx, got 429. The server asks to be left alone for 3601000 ms, after 0 ms before, and "maxWaitMs" is 3600000.',
        details: { status: 429, body: 'slow down', waitMs: 3_601_000, waitedMs: 0 },
      },
      retryable: false,
    })
    expect(await upstream.run('/', { maxWaitMs: 3_601_000 })).toMatchObject({ type: 'snoozed' })
  })

  test('is none, and spends an attempt, with maxWaitMs 0', async () => {
    await using upstream = refusing({ 'retry-after': '7' })
    expect(await upstream.run('/', { maxWaitMs: 0 })).toMatchObject({ type: 'failed', retryable: true })
  })

  test('counts with those before it, so that no task waits for ever', async () => {
    await using upstream = refusing({ 'retry-after': '7' })
    expect(await upstream.run('/', {}, { waitedMs: 3_593_000 })).toMatchObject({ type: 'snoozed' })
    expect(await upstream.run('/', {}, { waitedMs: 3_593_001 })).toMatchObject({
      type: 'failed',
      retryable: false,
    })
  })

  test.each<Record<string, string>>([
    {},
    { 'retry-after': 'soon' },
    { 'retry-after': '-1' },
    { 'ratelimit-remaining': '3', 'ratelimit-reset': '20' },
    { ratelimit: '"default";r=5;t=50' },
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'never' },
  ])('is not what %j asks for', async (headers) => {
    await using upstream = refusing(headers)
    expect(await upstream.run('/')).toMatchObject({ type: 'failed', retryable: true })
  })
})

test('a task that had to wait succeeds with the one attempt that it has', async () => {
  let asked = 0
  await using upstream = answering(() =>
    asked++ === 0
      ? new Response(null, { status: 429, headers: { 'retry-after': '1' } })
      : Response.json({ asked }),
  )
  await using server = await startServer()
  const response = await fetch(`${server.url}/jobs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', prefer: 'wait=10' },
    body: JSON.stringify({ tasks: [{ kind: 'http', url: upstream.url, retry: { attempts: 1 } }] }),
  })
  const { id } = (await response.json()) as { id: string }
  expect(await (await fetch(`${server.url}/jobs/${id}/tasks/0`)).json()).toMatchObject({
    state: 'succeeded',
    attempt: 2,
    failures: [],
    output: { body: { asked: 2 } },
  })
})
