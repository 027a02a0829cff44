import { describe, expect, test } from 'bun:test'
import { explain } from '../../src/job/explain.ts'
import { limits } from '../../src/job/limits.ts'
import { QueueShape, type QueueView } from '../../src/job/queue-wire.ts'
import { QueueScript } from './queue-script.ts'
import { echoing, holding, problemOf, startApp } from './rig.ts'

const at = (seconds: number) => Date.UTC(2026, 0, 1, 0, 0, seconds)
const read = async (response: Promise<Response>) => {
  const answer = await response
  expect(answer.status).toBe(200)
  return answer.json()
}

describe('GET /queues/:name', () => {
  test('shows a queue that was never used', async () => {
    await using rig = await startApp()
    const queue: QueueView = await read(rig.get('/queues/nobody'))
    expect(queue).toMatchObject({
      name: 'nobody',
      status: 'open',
      waiting: 0,
      queued: 0,
      blocked: 0,
      running: 0,
      ratePerSecond: 0,
      limits: {},
    })
    expect(queue).not.toHaveProperty('own')
    expect(queue).not.toHaveProperty('pausedAt')
  })

  test('counts what waits and what runs', async () => {
    await using rig = await startApp({ concurrency: 1 })
    const tasks = [{ ...holding(), key: 'a' }, holding(), { ...holding(), after: ['a'] }]
    await rig.submit(tasks, { queue: 'naps' })
    const [first] = await rig.runs.started(1)
    expect(await read(rig.get('/queues/naps'))).toMatchObject({
      waiting: 2,
      queued: 1,
      blocked: 1,
      running: 1,
    })
    first?.succeed()
    for (let run = 2; run <= 3; run += 1) (await rig.runs.nth(run)).succeed()
  })

  test('shows all that there is to show, times and durations as everywhere', async () => {
    await using rig = await startApp()
    new QueueScript(rig.engine).set('api', {
      status: 'throttled',
      queued: 3,
      blocked: 4,
      running: 5,
      ratePerSecond: 12.3456,
      own: { concurrency: 20 },
      limits: { concurrency: 20, rate: { limit: 500, perMs: 60_000 }, adaptive: { min: 1, max: 20 } },
      pausedAt: at(1),
      throttle: { at: at(2), until: at(3), why: '429 with Retry-After' },
      quota: { limit: 100, perMs: 60_000, remaining: 7, resetAt: at(4) },
      adapted: 11,
      circuit: { state: 'open', since: at(5), retryAt: at(6) },
    })
    const queue: unknown = await read(rig.get('/queues/api'))
    expect(queue).toEqual({
      name: 'api',
      status: 'throttled',
      waiting: 7,
      queued: 3,
      blocked: 4,
      running: 5,
      ratePerSecond: 12.35,
      own: { concurrency: 20 },
      limits: { concurrency: 20, rate: { limit: 500, perMs: 60_000 }, adaptive: { min: 1, max: 20 } },
      pausedAt: '2026-01-01T00:00:01.000Z',
      throttle: {
        throttledAt: '2026-01-01T00:00:02.000Z',
        endsAt: '2026-01-01T00:00:03.000Z',
        why: '429 with Retry-After',
      },
      quota: { limit: 100, perMs: 60_000, remaining: 7, resetAt: '2026-01-01T00:00:04.000Z' },
      adapted: 11,
      circuit: {
        state: 'open',
        changedAt: '2026-01-01T00:00:05.000Z',
        retryAt: '2026-01-01T00:00:06.000Z',
      },
    })
  })

  test.each([
    ['a%2Fb', 'a/b'],
    ['http:api.example.com:8080', 'http:api.example.com:8080'],
    ['http%3A*', 'http:*'],
    ['%E6%97%A5%20%25', '日 %'],
  ])('%s is the queue %s', async (path, name) => {
    await using rig = await startApp()
    expect(await read(rig.get(`/queues/${path}`))).toMatchObject({ name })
  })

  test.each(['%00', 'x'.repeat(limits.nameLength + 1), '%zz'])('no queue is called %s', async (path) => {
    await using rig = await startApp()
    for (const method of ['GET', 'DELETE']) {
      const problem = await problemOf(await rig.send(method, `/queues/${path}`))
      expect(problem).toMatchObject({ code: 'invalid', errors: [{ field: 'name' }] })
    }
  })
})

describe('PUT /queues/:name', () => {
  test('sets the limits, which are in force when it answers', async () => {
    await using rig = await startApp()
    const queue: QueueView = await read(rig.put('/queues/naps', { concurrency: 1 }))
    expect(queue).toMatchObject({ name: 'naps', own: { concurrency: 1 }, limits: { concurrency: 1 } })
    await rig.submit([holding(), holding()], { queue: 'naps' })
    const first = await rig.runs.nth(1)
    await rig.clock.advance(1_000)
    expect(await read(rig.get('/queues/naps'))).toMatchObject({ status: 'limited', queued: 1, running: 1 })
    first.succeed()
    ;(await rig.runs.nth(2)).succeed()
  })

  test('replaces what was set before, and nothing but that', async () => {
    await using rig = await startApp()
    await read(rig.put('/queues/*', { rate: { limit: 5, perMs: 1_000 } }))
    await read(rig.put('/queues/api', { concurrency: 1, paused: true }))
    expect(await read(rig.put('/queues/api', { concurrency: 2 }))).toMatchObject({
      status: 'open',
      own: { concurrency: 2 },
      limits: { concurrency: 2, rate: { limit: 5, perMs: 1_000 } },
    })
    expect(await read(rig.get('/queues/other'))).toMatchObject({ limits: { rate: { limit: 5 } } })
  })

  test('takes a pattern, and answers with what was set for it', async () => {
    await using rig = await startApp()
    expect(await read(rig.put('/queues/http:*', { concurrency: 3 }))).toMatchObject({
      name: 'http:*',
      own: { concurrency: 3 },
    })
    expect(await read(rig.get('/queues/http:a.example'))).toMatchObject({ limits: { concurrency: 3 } })
    expect(await read(rig.get('/queues/https:a'))).toMatchObject({ limits: {} })
  })

  test('pauses a queue, and resumes it', async () => {
    await using rig = await startApp()
    expect(await read(rig.put('/queues/naps', { paused: true }))).toMatchObject({
      status: 'paused',
      pausedAt: '2026-01-01T00:00:00.000Z',
    })
    await rig.submit([holding()], { queue: 'naps' })
    await rig.clock.advance(60_000)
    expect(rig.runs.runs.length).toBe(0)
    await read(rig.put('/queues/naps', {}))
    await rig.clock.advance(10)
    ;(await rig.runs.nth(1)).succeed()
  })

  test('fills in what a limit leaves to its default', async () => {
    await using rig = await startApp()
    expect(await read(rig.put('/queues/api', { breaker: {}, adaptive: { max: 8 } }))).toMatchObject({
      own: { breaker: { failures: 0.5, of: 20, openMs: 30_000, probes: 1 }, adaptive: { min: 1, max: 8 } },
    })
  })

  test('is on disk when it answers', async () => {
    await using first = await startApp()
    await read(first.put('/queues/api', { concurrency: 7 }))
    const { limits } = await first.engine.store.flow()
    expect(limits).toMatchObject([{ name: 'api', limits: { concurrency: 7 } }])
  })

  test.each<[body: unknown, detail: string]>([
    [[], 'Expected "body" to be an object, got [].'],
    [{ concurency: 1 }, 'Unknown field "concurency"; did you mean "concurrency"?'],
    [{ concurrency: 0 }, 'Expected "concurrency" to be a whole number between 1 and 10000 or null, got 0.'],
    [{ rate: { limit: 5 } }, 'Expected "rate.perMs" to be a whole number'],
    [{ rate: 5 }, 'Expected "rate" to be an object or null, got 5.'],
    [{ paused: 'yes' }, 'Expected "paused" to be true or false, got "yes".'],
    [{ adaptive: { min: 9, max: 3 } }, 'Expected "adaptive.min" to be at most "max", which is 3, got 9.'],
    [{ breaker: { failures: 50 } }, 'Expected "breaker.failures" between 0.001 and 1, got 50.'],
  ])('of %j is refused, and sets nothing', async (body, detail) => {
    await using rig = await startApp()
    const problem = await problemOf(await rig.put('/queues/api', body))
    expect(problem).toMatchObject({ status: 422, code: 'invalid' })
    expect(problem.detail).toContain(detail)
    expect(await read(rig.get('/queues'))).toEqual({ data: [], next: null })
  })

  test('reads a body as a submission does', async () => {
    await using rig = await startApp({ maxBodyBytes: 50 })
    const put = async (body?: string, type = 'application/json') =>
      (await problemOf(await rig.send('PUT', '/queues/api', body, { 'content-type': type }))).code
    expect(await put()).toBe('malformed')
    expect(await put('{')).toBe('malformed')
    expect(await put('concurrency: 1', 'text/yaml')).toBe('unsupported_media_type')
    expect(await put(JSON.stringify({ concurrency: 1, pad: 'x'.repeat(50) }))).toBe('too_large')
  })

  test('is refused with 503 and Retry-After while the server stops', async () => {
    await using rig = await startApp()
    await rig.engine.stop()
    const response = await rig.put('/queues/api', {})
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await problemOf(response)).toMatchObject({ code: 'unavailable' })
  })
})

describe('DELETE /queues/:name', () => {
  test('removes what was set, once', async () => {
    await using rig = await startApp()
    await read(rig.put('/queues/http:*', { concurrency: 1 }))
    const response = await rig.send('DELETE', '/queues/http%3A*')
    expect(response.status).toBe(204)
    expect(await response.text()).toBe('')
    expect(await read(rig.get('/queues/http:a'))).toMatchObject({ limits: {} })
    expect(await problemOf(await rig.send('DELETE', '/queues/http:*'))).toMatchObject({
      status: 404,
      detail: 'Nothing is set for the queue "http:*".',
    })
  })
})

describe('GET /queues', () => {
  test('lists by name what has limits, or tasks that wait or run', async () => {
    await using rig = await startApp({ concurrency: 1 })
    await read(rig.put('/queues/b', { concurrency: 1 }))
    await rig.submit([holding(), { ...holding(), queue: 'a' }], { queue: 'c' })
    const run = await rig.runs.nth(1)
    const { data, next } = await read(rig.get('/queues'))
    expect([data.map(({ name }: QueueView) => name), next]).toEqual([['a', 'b', 'c'], null])
    for (const queue of data) expect(explain(QueueShape, queue)).toEqual([])
    run.succeed()
    ;(await rig.runs.nth(2)).succeed()
  })

  test('pages by cursor, through names of any form', async () => {
    await using rig = await startApp()
    const names = ['a', 'a:b', 'http:x', 'z z', 'é', '日']
    const script = new QueueScript(rig.engine)
    for (const name of names) script.set(name)
    const seen: string[] = []
    let cursor = ''
    do {
      const page: { data: QueueView[]; next: string | null } = await read(rig.get(`/queues?limit=2${cursor}`))
      expect(page.data).toHaveLength(2)
      seen.push(...page.data.map(({ name }) => name))
      cursor = page.next === null ? '' : `&cursor=${page.next}`
    } while (cursor !== '')
    expect(seen).toEqual(names)
  })

  test.each(['cursor=x', 'cursor=am9iczox', 'limit=0', 'limit=1001', 'name=a'])(
    'with %s is refused',
    async (query) => {
      await using rig = await startApp()
      expect(await problemOf(await rig.get(`/queues?${query}`))).toMatchObject({ code: 'invalid' })
    },
  )
})

test('a task says which queue it is in', async () => {
  await using rig = await startApp()
  const { id } = await rig.run([echoing(1), { ...echoing(2), queue: 'own' }], { queue: 'all' })
  const { data } = await read(rig.get(`/jobs/${id}/tasks`))
  expect(data).toMatchObject([{ queue: 'all' }, { queue: 'own' }])
})
