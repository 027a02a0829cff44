import { describe, expect, test } from 'bun:test'
import { treaty } from '@elysiajs/eden'
import { Elysia } from 'elysia'
import { http, sleep } from '../../src/index.ts'
import { sheafMatchers, startLoopback, testSheaf } from '../../src/testing.ts'
import { greet, refuse } from '../plugin/rig.ts'

expect.extend(sheafMatchers)

const day = 86_400_000
const ok = () => Response.json({ ok: true })
const busy = (after: number) => () =>
  new Response(null, { status: 429, headers: { 'retry-after': String(after) } })
const broken = () => new Response(null, { status: 500 })

describe('a Sheaf for tests', () => {
  test('settles a job that sleeps for a day, in no time', async () => {
    await using sheaf = testSheaf()
    const before = sheaf.clock.now()
    const job = await sheaf.submit([sleep(day), sleep(1)])
    expect(await job.settled()).toHaveOutputs([null, null])
    expect(sheaf.clock.now() - before).toBeGreaterThanOrEqual(day)
  })

  test('has a clock that the test may drive itself', async () => {
    await using sheaf = testSheaf()
    const job = await sheaf.submit([sleep(1_000)])
    await sheaf.clock.advance(999)
    expect(await job.snapshot()).toMatchObject({ state: 'running' })
    await sheaf.clock.advance(1)
    expect(await job.snapshot()).toMatchObject({ state: 'succeeded' })
  })

  test('lets real requests take their time, and passes over the waits between them', async () => {
    await using api = startLoopback({ 'GET /flaky': [broken, busy(3_600), ok], 'GET /slow': slowly })
    await using sheaf = testSheaf()
    const job = await sheaf.submit([http(`${api.url}/flaky`), http(`${api.url}/slow`, { timeoutMs: 100 })])
    expect(await job.settled()).toHaveSucceeded()
    expect(api).toHaveReceived('GET /flaky', 3)
    expect(api).toHaveReceived('GET /slow', 1)
    expect(new Set(api.of('GET /flaky').map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1)
  })

  test('comes to the end of handlers that fail again and again', async () => {
    await using sheaf = testSheaf({ handlers: [refuse] })
    const job = await sheaf.background(refuse, null, { retry: { attempts: 10, maxDelayMs: day } })
    const settled = await job.settled()
    expect(settled.results).toMatchObject([{ attempt: 10, error: { code: 'handler_failed' } }])
  })

  test('says so when a job cannot end by time alone', async () => {
    await using sheaf = testSheaf()
    const job = await sheaf.submit([sleep(1), sleep(1)], { concurrency: 1 })
    await job.pause()
    await expect(job.settled()).rejects.toThrow('is paused, and nothing is due that could end it')
  })

  test('is a plugin for the app under test, which needs no port', async () => {
    await using test = testSheaf({ handlers: [greet], prefix: '/gather' })
    const app = new Elysia().use(test.plugin).post('/greet', async ({ sheaf }) => {
      const { id } = await sheaf.background(greet, { name: 'Ada' }, { delayMs: day })
      return { id }
    })
    const api = treaty<typeof app>(app)
    const { data } = await api.greet.post()
    expect(await test.job(data?.id ?? '').settled()).toHaveOutputs(['Hello, Ada!'])
    expect((await api.gather.jobs.get()).data?.data).toHaveLength(1)
  })

  test('is another one each time', async () => {
    await using first = testSheaf()
    await using second = testSheaf()
    const { id } = await first.submit([])
    await expect(second.job(id).snapshot()).rejects.toThrow('There is no job')
  })

  test('leaves no timer behind', async () => {
    const sheaf = testSheaf()
    await sheaf.submit([sleep(day)])
    await sheaf[Symbol.asyncDispose]()
    expect(sheaf.clock.pending).toBe(0)
  })
})

/** Long enough that a clock which went on would strike it. */
const slowly = async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  setImmediate(function turn(left = 50) {
    if (left === 0) resolve()
    else setImmediate(turn, left - 1)
  })
  await promise
  return ok()
}

describe('a loopback server', () => {
  test('keeps what it was asked, and gives the route the parts of the path', async () => {
    await using api = startLoopback({
      'POST /users/:id': ({ params, json }) => Response.json({ ...params, body: json() }),
    })
    const response = await fetch(`${api.url}/users/7?deep=1`, { method: 'POST', body: '{"a":1}' })
    expect(await response.json()).toEqual({ id: '7', body: { a: 1 } })
    expect(api.requests).toMatchObject([
      { method: 'POST', path: '/users/7', query: { deep: '1' }, body: '{"a":1}' },
    ])
    await api.received('POST /users/7')
  })

  test('tells who waits for a request, and answers 404 to what it has no route for', async () => {
    await using api = startLoopback({})
    const second = api.received('GET /none', 2)
    for (let times = 0; times < 2; times += 1) expect((await fetch(`${api.url}/none`)).status).toBe(404)
    await second
  })

  test('refuses a route that is none', () => {
    expect(() => startLoopback({ 'users/:id': ok })).toThrow('Expected a route to be a method and a path')
  })
})

describe('the matchers', () => {
  const failing = async (assert: () => void) => {
    let message = ''
    try {
      assert()
    } catch (error) {
      message = error instanceof Error ? error.message : ''
    }
    return message
  }

  test('say what became of the job', async () => {
    await using sheaf = testSheaf({ handlers: [refuse] })
    const job = await sheaf.background(refuse, null, { retry: { attempts: 1 } })
    const settled = await job.settled()
    // `allSettled` succeeds in any case.
    expect(settled).toHaveSucceeded()
    expect(await failing(() => expect(settled).toHaveOutputs(['x']))).toContain(
      'task 0: handler_failed, the handler says no',
    )
    const all = await (await sheaf.submit([sleep(-0)], { mode: 'all', timeoutMs: 1 })).settled()
    expect(all).not.toHaveFailed('handler_failed')
    expect(await failing(() => expect(all).toHaveFailed('handler_failed'))).toContain(
      'Expected it to fail with handler_failed, got',
    )
  })

  test('want a job that has settled', () => {
    expect(() => expect('a job').toHaveSucceeded()).toThrow('Expected a job that has settled')
    expect(() => expect('a server').toHaveReceived('GET /')).toThrow('Expected a loopback server')
  })
})
