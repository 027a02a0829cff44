import { describe, expect, test } from 'bun:test'
import { type Completed, type ConnectOptions, call, sleep } from '../../src/client.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { temporaryFolder } from '../support/folder.ts'
import { startServer } from '../support/server.ts'
import { jobId } from './support/events.ts'
import { createGate } from './support/gate.ts'
import { connect, failOnLeaks, watched } from './support/leaks.ts'
import { fakeStreams } from './support/streams.ts'

failOnLeaks()

const startReal = async (env: Record<string, string> = {}) => {
  const gate = createGate()
  const open = watched()
  const server = await startServer({ env, handlers: [gate.handler] })
  return { gate, open, server, sheaf: connect(server.url, open.options) }
}

const gated = (names: string[]) => names.map((name) => call<string>('gate', name))

describe('the results of a job as they come', () => {
  test('are those of the tasks in the order in which they end', async () => {
    const { gate, open, server, sheaf } = await startReal()
    await using _ = server
    const job = await sheaf.submit([call<string>('gate', 'slow'), sleep(0), call<string>('gate', 'bad')])
    const told: unknown[] = []
    for await (const result of job.asCompleted()) {
      told.push([result.index, result.state === 'succeeded' ? result.output : result.error.message])
      if (told.length === 1) gate.fail('bad', 'no')
      if (told.length === 2) gate.succeed('slow', 'done')
    }
    expect(told).toEqual([
      [1, null],
      [2, 'no'],
      [0, 'done'],
    ])
    await open.expectNothingOpen()
  })

  test('go on where they were after a restart of the server', async () => {
    using folder = temporaryFolder()
    const env = { SHEAF_DATABASE: folder.file('sheaf.db') }
    const { gate, open, server, sheaf } = await startReal(env)
    const names = Array.from({ length: 12 }, (_, index) => `task ${index}`)
    const job = await sheaf.submit(gated(names))
    for (const name of names.slice(0, 5)) gate.succeed(name)
    const results: Completed<string[]>[] = []
    let restarted: Awaited<ReturnType<typeof startServer>> | undefined
    for await (const result of job.asCompleted()) {
      results.push(result)
      if (results.length < 5 || restarted) continue
      await server.stop()
      restarted = await startServer({ env: { ...env, PORT: String(server.port) }, handlers: [gate.handler] })
      for (const name of names) gate.succeed(name)
    }
    const seqs = results.map(({ seq }) => seq)
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
    const bare = results.map(({ seq: _, ...result }) => result).toSorted((a, b) => a.index - b.index)
    expect(bare).toEqual(await job.results())
    await open.expectNothingOpen()
    await restarted?.[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })

  test('begin after a seq, and of a job that is not there are refused', async () => {
    const { open, server, sheaf } = await startReal()
    await using _ = server
    const job = await sheaf.submit([sleep(0), sleep(0), sleep(0)])
    const all: Completed<null[]>[] = []
    for await (const result of job.asCompleted()) all.push(result)
    const rest: Completed<null[]>[] = []
    for await (const result of job.asCompleted({ after: all[0]?.seq ?? 0 })) rest.push(result)
    expect(rest).toEqual(all.slice(1))
    const nowhere = sheaf.job('01900000-0000-7000-8000-000000000000').asCompleted()
    await expect(nowhere.next()).rejects.toMatchObject({ code: 'not_found', status: 404 })
    await open.expectNothingOpen()
  })

  test('end with the reason of the signal, and with that of a client that is closed', async () => {
    const { gate, open, server, sheaf } = await startReal()
    await using _ = server
    const job = await sheaf.submit([sleep(0), call<string>('gate', 'never')])
    const abort = new AbortController()
    const loops = [job.asCompleted({ signal: abort.signal }), job.asCompleted()]
    for (const loop of loops) expect((await loop.next()).value?.index).toBe(0)
    const [aborted, closed] = loops.map((loop) => loop.next().catch((error: unknown) => error))
    abort.abort('enough')
    expect(await aborted).toBe('enough')
    await sheaf.close()
    expect(await closed).toMatchObject({ code: 'closed' })
    gate.succeed('never')
    await open.expectNothingOpen()
  })
})

const start = (options: ConnectOptions = {}, ...answers: Response[]) => {
  const clock = fakeClock()
  const net = fakeStreams('application/x-ndjson')
  net.answers.push(...answers)
  const job = connect(net.app, { clock, ...options }).job(jobId)
  const results: number[] = []
  const ended = (async () => {
    for await (const { seq } of job.asCompleted()) results.push(seq)
  })().catch((error: unknown) => error)
  return { clock, net, results, ended, settle: () => clock.advance(0) }
}

const line = (seq: number) =>
  `{"index":${seq},"state":"succeeded","seq":${seq},"attempt":1,"output":"é\\n"}\n`

describe('a stream of results', () => {
  test('comes whole, however it was cut, between spaces', async () => {
    const { net, results, ended, settle } = start()
    await settle()
    net.latest.write(' ')
    const bytes = new TextEncoder().encode(line(1) + line(2))
    for (let at = 0; at < bytes.length; at += 7) net.latest.write(bytes.slice(at, at + 7))
    net.latest.write(' ')
    net.latest.write(`${line(3)} `)
    net.latest.end()
    await ended
    expect(results).toEqual([1, 2, 3])
  })

  test('is asked for again after the last seq, when it is lost, in the middle of a line too', async () => {
    const { net, clock, results, ended, settle } = start()
    await settle()
    expect(net.latest.after).toBe('0')
    net.latest.write(line(4) + line(5).slice(0, 9))
    await settle()
    net.latest.lose()
    await clock.advance(200)
    expect(net.latest.after).toBe('4')
    net.latest.write(line(5).slice(0, 9))
    net.latest.end()
    await clock.advance(200)
    expect(net.latest.after).toBe('4')
    net.latest.write(line(5))
    net.latest.end()
    await ended
    expect(results).toEqual([4, 5])
    expect(clock.pending).toBe(0)
  })

  test('is asked for anew when nothing is heard for two intervals', async () => {
    const { net, clock, ended, settle } = start({ heartbeatMs: 1_000 })
    await settle()
    await clock.advance(1_999)
    net.latest.write(' ')
    await clock.advance(1_999)
    expect(net.streams).toHaveLength(1)
    await clock.advance(201)
    expect(net.streams).toHaveLength(2)
    expect(net.streams[0]?.cancelled).toBe(true)
    net.latest.end()
    expect(await ended).toBeUndefined()
    expect(clock.pending).toBe(0)
  })

  test('is tried again while the server is not ready, and not when it is another that answers', async () => {
    const { clock, ended } = start(
      {},
      Response.json({ code: 'unavailable', detail: 'Stopping.' }, { status: 503 }),
      new Response('<html>', { headers: { 'content-type': 'text/html' } }),
    )
    await clock.advance(1_000)
    expect(await ended).toMatchObject({ code: 'unexpected_answer' })
    expect(clock.pending).toBe(0)
  })

  test('is given up when maxRetryMs is over', async () => {
    const { net, clock, ended, settle } = start({ maxRetryMs: 1_000 })
    for (const _ of [1, 2, 3]) {
      await settle()
      net.latest.lose()
      await clock.advance(1_000)
    }
    expect(await ended).toMatchObject({ code: 'unreachable' })
    expect(clock.pending).toBe(0)
  })

  test('is let go of when the loop is left', async () => {
    const clock = fakeClock()
    const net = fakeStreams('application/x-ndjson')
    const left = (async () => {
      for await (const _ of connect(net.app, { clock }).job(jobId).asCompleted()) break
    })()
    await clock.advance(0)
    net.latest.write(line(1))
    await left
    expect(net.latest.cancelled).toBe(true)
    expect(clock.pending).toBe(0)
  })
})
