import { describe, expect, test } from 'bun:test'
import { call, type LimitsSpec, SheafError, sleep } from '../../src/client.ts'
import { holding, startApp } from '../http/rig.ts'
import { startServer } from '../support/server.ts'
import { jobView } from './support/events.ts'
import { connect, failOnLeaks, watched } from './support/leaks.ts'
import { startClient } from './support/rig.ts'

failOnLeaks()

describe('the queues', () => {
  test('are listed, read, limited and freed', async () => {
    await using rig = await startApp()
    const { queues } = connect(rig.app)
    const limits: LimitsSpec = { concurrency: 20, rate: { limit: 500, perMs: 60_000 } }
    expect(await queues.set('http:api.example.com', limits)).toMatchObject({ own: limits, limits })
    expect(await queues.set('a/b *', { paused: true })).toMatchObject({ name: 'a/b *', status: 'paused' })
    expect(await queues.get('http:api.example.com')).toMatchObject({ limits })
    const page = await queues.list({ limit: 1 })
    expect(page.data.map(({ name }) => name)).toEqual(['a/b *'])
    const rest = await queues.list({ cursor: page.next ?? '', limit: 1 })
    expect(rest.data.map(({ name }) => name)).toEqual(['http:api.example.com'])
    expect(rest.next).toBeNull()
    await queues.remove('a/b *')
    await queues.remove('a/b *')
    expect((await queues.list()).data).toHaveLength(1)
  })

  test('refuse what is not allowed', async () => {
    await using rig = await startApp()
    const { queues } = connect(rig.app)
    await expect(queues.set('a', { concurrency: -1 })).rejects.toMatchObject({
      name: 'SheafError',
      code: 'invalid',
      status: 422,
      errors: [{ field: 'concurrency' }],
    })
    await expect(queues.get('..')).rejects.toMatchObject({ code: 'invalid' })
    await expect(queues.list({ limit: 0 })).rejects.toMatchObject({ code: 'invalid' })
  })

  test('are watched over a server that listens', async () => {
    await using server = await startServer()
    const open = watched()
    const { queues } = connect(server.url, open.options)
    await queues.set('naps', { paused: true })
    const seen: string[] = []
    for await (const { name, status } of queues.watch('nap*')) {
      seen.push(`${name} ${status}`)
      if (status === 'open') break
      await queues.remove(name)
    }
    expect(seen).toEqual(['naps paused', 'naps open'])
    await open.expectNothingOpen()
  })

  test('are not watched where there is no WebSocket', async () => {
    await using rig = await startApp()
    const error = await connect(rig.app)
      .queues.watch('*')
      .next()
      .catch((reason) => reason)
    expect(error).toEqual(
      new SheafError('unsupported', 'Queues are watched over a WebSocket, and there is none here.'),
    )
  })
})

describe('a job', () => {
  test('has its queue, its delay and its unique key', async () => {
    await using rig = await startApp()
    const sheaf = connect(rig.app)
    const runAt = new Date(Date.UTC(2026, 0, 1, 0, 1))
    const first = await sheaf.submit([sleep(1), sleep(1, { queue: 'own', runAt })], {
      queue: 'naps',
      delayMs: 30_000,
      unique: { key: 'k' },
    })
    expect(await first.snapshot()).toMatchObject({ state: 'scheduled', runAt: '2026-01-01T00:00:30.000Z' })
    expect(await first.task(0)).toMatchObject({ queue: 'naps' })
    expect(await first.task(1)).toMatchObject({ queue: 'own' })
    const second = await sheaf.submit([call('echo')], { unique: { key: 'k' } })
    expect(second.id).toBe(first.id)
    const later = await sheaf.submit([{ kind: 'sleep', ms: 1, runAt }], { runAt })
    expect(await later.snapshot()).toMatchObject({ runAt: runAt.toISOString() })
    await first.cancel()
    await later.cancel()
  })

  test('from before, of the same key, is not cancelled when a wait for it is given up', async () => {
    await using rig = await startApp()
    const sheaf = connect(rig.app)
    const job = await sheaf.submit([holding()], { unique: { key: 'k' } })
    const run = await rig.runs.nth(1)
    const abort = new AbortController()
    const given = sheaf.all([holding()], { unique: { key: 'k' }, signal: abort.signal })
    await rig.clock.advance(0)
    abort.abort('enough')
    await expect(given).rejects.toBe('enough')
    await sheaf.close()
    expect(await job.snapshot()).toMatchObject({ state: 'running' })
    run.succeed()
  })

  test('that there is no room for is sent again after as long as the server asks', async () => {
    for (const [status, code] of [
      [429, 'quota_exceeded'],
      [503, 'too_many_queued'],
    ] as const) {
      const client = startClient({ retryMs: 12_000 })
      const refusal = { code, detail: 'Too many.', waiting: 5, most: 5 }
      client.answer(async () => Response.json(refusal, { status, headers: { 'retry-after': '5' } }))
      const submitted = client.sheaf.submit([sleep(1)])
      await client.clock.advance(4_999)
      expect(client.requests).toHaveLength(1)
      client.answer(async () => Response.json(jobView(), { status: 202 }))
      await client.clock.advance(1)
      expect((await submitted).id).toBe(jobView().id)

      client.answer(async () => Response.json(refusal, { status, headers: { 'retry-after': '5' } }))
      const refused = client.sheaf.submit([sleep(1)]).catch((error) => error)
      await client.clock.advance(12_000)
      expect(await refused).toMatchObject({ name: 'SheafError', code, status })
    }
  })
})
