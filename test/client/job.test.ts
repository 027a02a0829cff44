import { describe, expect, test } from 'bun:test'
import { call, http, sleep, type Task } from '../../src/client.ts'
import { startServer } from '../support/server.ts'
import { endedEvent, jobEvent, jobId, jobView } from './support/events.ts'
import { createGate } from './support/gate.ts'
import { connect, failOnLeaks, watched } from './support/leaks.ts'
import { startClient } from './support/rig.ts'

failOnLeaks()

const start = async () => {
  const gate = createGate()
  const open = watched()
  const server = await startServer({ handlers: [gate.handler] })
  return { gate, open, server, sheaf: connect(server.url, open.options) }
}

describe('a job', () => {
  test('shows itself, and each of its tasks by index and by key', async () => {
    const { server, sheaf } = await start()
    await using _ = server
    const job = await sheaf.submit([sleep(0), sleep(0, { key: 'second nap/zzz' })], { name: 'naps' })
    await job.ended()
    expect(await job.snapshot()).toMatchObject({
      id: job.id,
      name: 'naps',
      state: 'succeeded',
      counts: { total: 2 },
    })
    expect(await job.task(0)).toMatchObject({ index: 0, state: 'succeeded', output: null })
    expect(await job.task('second nap/zzz')).toMatchObject({ index: 1, input: { kind: 'sleep', ms: 0 } })
    for (const no of [2, 'naps', '', '.', '..', '../..', '%2e%2e'])
      await expect(job.task(no)).rejects.toMatchObject({ code: 'not_found', status: 404 })
  })

  test('has results in input order, once it has ended', async () => {
    const { gate, open, server, sheaf } = await start()
    await using _ = server
    const job = await sheaf.submit([
      call<string>('gate', 'slow'),
      http('http://127.0.0.1:1/', { key: 'down', retry: { attempts: 1 } }),
      sleep(0),
    ])
    const results = job.results()
    await gate.running('slow')
    gate.succeed('slow', 'done')
    const [slow, down, nap] = await results
    expect(slow).toEqual({ index: 0, state: 'succeeded', attempt: 1, output: 'done' })
    expect(down).toMatchObject({ index: 1, key: 'down', state: 'failed', error: { code: 'connect_failed' } })
    expect(nap).toMatchObject({ index: 2, state: 'succeeded', output: null })
    await open.expectNothingOpen()
  })

  test('is paused, resumed and cancelled; a cancelled one is cancelled again without complaint', async () => {
    const { gate, server, sheaf } = await start()
    await using _ = server
    const job = await sheaf.submit([call('gate', 'a'), sleep(1_000_000)], { concurrency: 1 })
    await gate.running('a')
    expect((await job.pause()).state).toBe('paused')
    expect((await job.resume()).state).toBe('running')
    expect((await job.cancel()).outcome).toBe('cancelled')
    await job.ended()
    expect((await job.cancel()).state).toBe('cancelled')
    await expect(job.pause()).rejects.toMatchObject({ code: 'conflict', status: 409 })
    expect((await job.results()).map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
  })

  test('is tried again after it has failed, and has new results', async () => {
    const { gate, server, sheaf } = await start()
    await using _ = server
    const job = await sheaf.submit([sleep(0), call('gate', 'again')], { mode: 'all' })
    gate.fail('again')
    expect((await job.ended()).state).toBe('failed')
    expect((await job.retry()).state).toBe('running')
    expect((await job.ended()).state).toBe('failed')
    expect((await job.results()).map(({ state }) => state)).toEqual(['succeeded', 'failed'])
  })

  test('that is not there is not found', async () => {
    const { server, sheaf } = await start()
    await using _ = server
    for (const id of ['01900000-0000-7000-8000-000000000000', 'nonsense', 'a/b?c', '..']) {
      const job = sheaf.job(id)
      for (const ask of [() => job.snapshot(), () => job.results(), () => job.cancel(), () => job.task(0)])
        await expect(ask()).rejects.toMatchObject({ code: 'not_found', status: 404 })
    }
  })

  test('is waited for only as long as the signal says', async () => {
    const { server, open, sheaf } = await start()
    await using _ = server
    const job = await sheaf.submit([sleep(1_000_000)])
    const abort = new AbortController()
    const { signal } = abort
    const waits = [job.ended({ signal }), job.decided({ signal }), job.results({ signal })].map((wait) =>
      Promise.resolve<unknown>(wait).catch((error: unknown) => error),
    )
    await job.snapshot()
    abort.abort('enough')
    expect(await Promise.all(waits)).toEqual(['enough', 'enough', 'enough'])
    expect((await job.snapshot()).state).toBe('running')
    await job.cancel()
    await open.expectNothingOpen()
  })
})

describe('what a job says twice', () => {
  test('cancel, pause and resume are said again when the answer is lost; retry is not', async () => {
    const client = startClient({ retryMs: 1_000 })
    const job = client.sheaf.job(jobId)
    for (const action of ['cancel', 'pause', 'resume'] as const) {
      const done = job[action]()
      await client.clock.advance(0)
      client.answer(async () => Response.json(jobView()))
      await client.clock.advance(1_000)
      expect((await done).id).toBe(jobId)
      client.answer(async () => {
        throw new TypeError('no network')
      })
    }
    await expect(job.retry()).rejects.toMatchObject({ code: 'unreachable' })
    const posted = client.requests.map((request) => request.split('/').at(-1))
    expect(posted.filter((action) => action === 'retry')).toHaveLength(1)
    expect(posted.filter((action) => action === 'cancel').length).toBeGreaterThan(1)
    client.expectNothingOpen()
  })

  test('results that are cut short, because the job was taken up again, are waited for', async () => {
    const client = startClient()
    const answers = [
      () => Response.json({ code: 'conflict', detail: 'It is running.' }, { status: 409 }),
      () => Response.json({ data: [{ index: 0, state: 'succeeded', attempt: 1, output: 7 }], next: null }),
    ]
    client.answer(async () => answers.shift()?.() ?? Response.error())
    const results = client.sheaf.job<[number]>(jobId).results()
    await client.clock.advance(0)
    await client.accepted()
    client.net.latest.say(jobEvent(1))
    client.net.latest.say(endedEvent(2))
    expect((await results)[0].output).toBe(7)
    client.expectNothingOpen()
  })
})

describe('a job whose outcome is known', () => {
  const answering = (client: ReturnType<typeof startClient>, task: object) =>
    client.answer(async (request) =>
      Response.json(request.method === 'POST' ? jobView() : { index: 3, attempt: 1, ...task }, {
        status: 202,
      }),
    )

  test.each(['all', 'race'] as const)('fails %s, before the last task is cancelled', async (mode) => {
    const client = startClient()
    answering(client, { state: 'failed', error: { code: 'timeout', message: 'It took too long.' } })
    const gathers: Record<typeof mode, (tasks: [Task]) => Promise<unknown>> = client.sheaf
    const error = gathers[mode]([sleep(0)]).catch((reason) => reason)
    await client.clock.advance(0)
    const socket = await client.accepted()
    socket.say(jobEvent(1))
    socket.say(jobEvent(2, { mode, state: 'stopping', outcome: 'failed', decidedBy: 3 }))
    expect(await error).toMatchObject({ name: 'TaskError', code: 'timeout', index: 3 })
    expect(client.requests.at(-1)).toBe(`GET /base/jobs/${jobId}/tasks/3`)
    client.expectNothingOpen()
  })

  test.each(['any', 'race'] as const)(
    'gives %s its value, before the last task is cancelled',
    async (mode) => {
      const client = startClient()
      answering(client, { state: 'succeeded', output: 'first' })
      const gathers: Record<typeof mode, (tasks: [Task]) => Promise<unknown>> = client.sheaf
      const value = gathers[mode]([sleep(0)])
      await client.clock.advance(0)
      await client.accepted()
      client.net.latest.say(jobEvent(2, { mode, state: 'stopping', outcome: 'succeeded', decidedBy: 3 }))
      expect(await value).toBe('first')
      client.expectNothingOpen()
    },
  )

  test('when it was submitted is not followed', async () => {
    const client = startClient()
    client.answer(async (request) =>
      Response.json(
        request.method === 'POST'
          ? jobView({ state: 'succeeded', outcome: 'succeeded' })
          : { data: [], next: null },
      ),
    )
    expect(await client.sheaf.all([])).toEqual([])
    expect(client.net.sockets).toEqual([])
  })
})
