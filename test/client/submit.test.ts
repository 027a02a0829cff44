import { describe, expect, test } from 'bun:test'
import { call, SheafError, sleep } from '../../src/client.ts'
import { startServer } from '../support/server.ts'
import { jobView } from './support/events.ts'
import { connect, failOnLeaks, watched } from './support/leaks.ts'
import { startClient } from './support/rig.ts'

failOnLeaks()

const accepted = () => Response.json(jobView(), { status: 202 })
const refusedWith = (status: number, code: string, headers: Record<string, string> = {}) =>
  Response.json({ code, detail: `It is ${code}.` }, { status, headers })

describe('submit', () => {
  test('makes one job, though the answer to the first request is lost', async () => {
    await using server = await startServer()
    const open = watched()
    const keys: (string | null)[] = []
    const sheaf = connect(server.url, {
      ...open.options,
      fetch: async (url, init) => {
        const request = new Request(url, init)
        keys.push(request.headers.get('idempotency-key'))
        const response = await fetch(request)
        if (keys.length < 3) throw new TypeError('The connection was lost')
        return response
      },
    })
    const job = await sheaf.submit([sleep(0)])
    expect(keys).toEqual([keys[0] ?? '', keys[0] ?? '', keys[0] ?? ''])
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/)
    const { data } = await connect(server.url).api.jobs.get()
    expect(data?.data.map(({ id }) => id)).toEqual([job.id])
    await open.expectNothingOpen()
  })

  test('gives every job a key of its own, or the one that it is given', async () => {
    const client = startClient()
    const keys: (string | null)[] = []
    client.answer(async (request) => {
      keys.push(request.headers.get('idempotency-key'))
      return accepted()
    })
    await client.sheaf.submit([])
    await client.sheaf.submit([])
    await client.sheaf.submit([], { idempotencyKey: 'order 7' })
    expect(new Set(keys).size).toBe(3)
    expect(keys[2]).toBe('order 7')
  })

  test('twice with one key gives the same job, and refuses other tasks', async () => {
    await using server = await startServer()
    const sheaf = connect(server.url)
    const options = { idempotencyKey: 'order 7' }
    const first = await sheaf.submit([sleep(0)], options)
    const second = await sheaf.submit([sleep(0)], options)
    expect(second.id).toBe(first.id)
    await expect(sheaf.submit([sleep(1)], options)).rejects.toMatchObject({
      code: 'idempotency_mismatch',
      status: 422,
    })
  })

  test('sends tasks and options as they are given, and nothing else', async () => {
    const client = startClient({ token: 'a-secret-of-more-than-16' })
    let sent: unknown
    client.answer(async (request) => {
      expect(request.headers.get('authorization')).toBe('Bearer a-secret-of-more-than-16')
      expect(new URL(request.url).pathname).toBe('/base/jobs')
      sent = await request.json()
      return accepted()
    })
    const signal = new AbortController().signal
    await client.sheaf.submit([sleep(1, { key: 'nap' })], {
      mode: 'all',
      tolerate: '5%',
      keepMs: 0,
      signal,
      idempotencyKey: 'k',
    })
    expect(sent).toEqual({
      mode: 'all',
      tolerate: '5%',
      keepMs: 0,
      tasks: [{ kind: 'sleep', ms: 1, key: 'nap' }],
    })
  })

  test('sends the same bytes again, whatever becomes of the tasks meanwhile', async () => {
    const client = startClient()
    const sent: string[] = []
    client.answer(async (request) => {
      expect(request.headers.get('content-type')).toBe('application/json')
      sent.push(await request.text())
      return sent.length === 1 ? refusedWith(503, 'unavailable') : accepted()
    })
    const tasks = [sleep(1)]
    const job = client.sheaf.submit(tasks)
    await client.clock.advance(0)
    tasks.push(sleep(2))
    await client.clock.advance(200)
    await job
    expect(sent).toEqual(['{"tasks":[{"kind":"sleep","ms":1}]}', '{"tasks":[{"kind":"sleep","ms":1}]}'])
  })

  test('of what JSON cannot express is refused here', async () => {
    const client = startClient()
    await expect(client.sheaf.submit([call('echo', 1n)])).rejects.toBeInstanceOf(TypeError)
    expect(client.requests).toEqual([])
  })

  test('waits for a server that is not ready, at growing distances with full jitter', async () => {
    const client = startClient()
    client.clock.random = () => 0.5
    client.answer(async () => refusedWith(503, 'unavailable'))
    const job = client.sheaf.submit([])
    await client.clock.advance(0)
    for (const [attempts, wait] of [
      [1, 100],
      [2, 200],
      [3, 400],
    ] as const) {
      await client.clock.advance(wait - 1)
      expect(client.requests).toHaveLength(attempts)
      await client.clock.advance(1)
      expect(client.requests).toHaveLength(attempts + 1)
    }
    client.answer(async () => accepted())
    await client.clock.advance(800)
    expect((await job).id).toBe(jobView().id)
    client.expectNothingOpen()
  })

  test('leaves the server alone for as long as that asks it to', async () => {
    const client = startClient()
    client.answer(async () => refusedWith(503, 'unavailable', { 'retry-after': '7' }))
    const job = client.sheaf.submit([])
    await client.clock.advance(6_999)
    expect(client.requests).toHaveLength(1)
    client.answer(async () => accepted())
    await client.clock.advance(1)
    expect((await job).id).toBe(jobView().id)
  })

  test('gives up after retryMs, 30 seconds by default, with what went wrong last', async () => {
    for (const [options, within] of [
      [{}, 30_000],
      [{ retryMs: 1_000 }, 1_000],
      [{ retryMs: 0 }, 0],
    ] as const) {
      const client = startClient(options)
      const down = client.sheaf.submit([]).catch((error) => error)
      await client.clock.advance(within)
      const error = await down
      expect(error).toBeInstanceOf(SheafError)
      expect(error).toMatchObject({ code: 'unreachable', cause: { message: 'no network' } })
      expect(error.message).toBe('No answer from http://sheaf.test/base: no network.')
      client.answer(async () => refusedWith(503, 'unavailable'))
      const busy = client.sheaf.submit([]).catch((reason) => reason)
      await client.clock.advance(within)
      expect(await busy).toMatchObject({ code: 'unavailable', status: 503 })
      client.expectNothingOpen()
    }
  })

  test('asks a proxy that lost the server again', async () => {
    const client = startClient()
    const statuses = [502, 504]
    client.answer(async () => {
      const status = statuses.shift()
      return status === undefined ? accepted() : new Response('<h1>Bad Gateway</h1>', { status })
    })
    const job = client.sheaf.submit([])
    await client.clock.advance(1_000)
    expect((await job).id).toBe(jobView().id)
  })

  test('takes a refusal for what it is, at once', async () => {
    const client = startClient()
    for (const [status, code] of [
      [401, 'unauthorized'],
      [413, 'too_large'],
      [422, 'invalid'],
      [500, 'internal'],
    ] as const) {
      client.answer(async () => refusedWith(status, code))
      await expect(client.sheaf.submit([])).rejects.toMatchObject({ code, status, message: `It is ${code}.` })
    }
    expect(client.requests).toHaveLength(4)
    client.expectNothingOpen()
  })

  test('says so when it is not Sheaf that answers', async () => {
    const client = startClient()
    for (const response of [
      () => new Response('<h1>Hello</h1>', { headers: { 'content-type': 'text/html' } }),
      () => new Response('not found', { status: 404 }),
      () => Response.json({ error: 'nope' }, { status: 400 }),
      () => Response.json('fine'),
    ]) {
      client.answer(async () => response())
      await expect(client.sheaf.submit([])).rejects.toMatchObject({ code: 'unexpected_answer' })
    }
  })

  test('goes on after a connection that breaks in the middle of the answer', async () => {
    const client = startClient()
    const broken = new ReadableStream({
      pull: (controller) => controller.error(new TypeError('The connection was lost')),
    })
    client.answer(
      async () => new Response(broken, { status: 202, headers: { 'content-type': 'application/json' } }),
    )
    const job = client.sheaf.submit([])
    await client.clock.advance(0)
    client.answer(async () => accepted())
    await client.clock.advance(200)
    expect((await job).id).toBe(jobView().id)
  })
})

describe('an abort of submit', () => {
  const reason = new Error('changed my mind')

  test('from before asks nothing', async () => {
    const client = startClient()
    await expect(client.sheaf.submit([], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(client.requests).toEqual([])
  })

  test('rejects at once, and cancels the job that is accepted after all', async () => {
    const client = startClient()
    const abort = new AbortController()
    const answer = Promise.withResolvers<Response>()
    client.answer(() => answer.promise)
    const job = client.sheaf.submit([], { signal: abort.signal })
    await client.clock.advance(0)
    abort.abort(reason)
    await expect(job).rejects.toBe(reason)
    client.answer(async () => accepted())
    answer.resolve(accepted())
    await client.sheaf.close()
    expect(client.requests).toEqual(['POST /base/jobs', `POST /base/jobs/${jobView().id}/cancel`])
    client.expectNothingOpen()
  })

  test('while it waits to ask again asks no more', async () => {
    const client = startClient()
    const abort = new AbortController()
    const job = client.sheaf.submit([], { signal: abort.signal })
    await client.clock.advance(0)
    expect(client.clock.pending).toBe(1)
    abort.abort(reason)
    await expect(job).rejects.toBe(reason)
    await client.sheaf.close()
    expect(client.requests).toHaveLength(1)
    client.expectNothingOpen()
  })

  test('that comes when the job is there changes nothing', async () => {
    const client = startClient()
    const abort = new AbortController()
    client.answer(async () => accepted())
    await client.sheaf.submit([], { signal: abort.signal })
    abort.abort(reason)
    await client.sheaf.close()
    expect(client.requests).toHaveLength(1)
  })
})
