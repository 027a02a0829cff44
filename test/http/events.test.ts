import { describe, expect, test } from 'bun:test'
import { Probe } from '../engine/kit/probe.ts'
import { type AppRig, echoing, holding, problemOf, startApp } from './rig.ts'
import { SseReader } from './sse-reader.ts'

const open = async (rig: AppRig, id: string, query = '', headers?: HeadersInit) => {
  const response = await rig.get(`/jobs/${id}/events${query}`, headers)
  expect(response.status).toBe(200)
  return new SseReader(response)
}

describe('GET /jobs/:id/events', () => {
  test('starts with a snapshot, tells what happens, and ends with the job', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding(), holding()])
    const [first, second] = await rig.runs.started(2)
    const events = await open(rig, id)
    expect(await events.next()).toMatchObject({
      event: 'job',
      data: { type: 'job', job: id, data: { state: 'running' } },
    })
    first?.succeed('a')
    expect(await events.next()).toMatchObject({
      event: 'tasks',
      data: { type: 'tasks', job: id, data: [{ index: 0, state: 'succeeded', output: 'a' }] },
    })
    second?.succeed('b')
    expect(await events.next()).toMatchObject({ event: 'tasks' })
    const last = await events.next()
    expect(last).toMatchObject({ event: 'job', data: { data: { state: 'succeeded' } } })
    expect(last?.id).toBe(String(last?.data.seq))
    expect(await events.next()).toBeUndefined()
  })

  test('says that it may not be stored, held back or compressed, and is not', async () => {
    await using rig = await startApp()
    const { id } = await rig.run([])
    const { headers } = await rig.get(`/jobs/${id}/events`, { 'accept-encoding': 'gzip, br' })
    expect(headers.has('content-encoding')).toBe(false)
    expect(headers.get('content-type')).toBe('text/event-stream')
    expect(headers.get('cache-control')).toBe('no-store, no-transform')
    expect(headers.get('x-accel-buffering')).toBe('no')
  })

  test('answers HEAD as GET, without the events', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([], { sealed: false })
    const url = `http://${rig.listen()}/jobs/${id}/events`
    const fieldsOf = ({ headers }: Response) => [...headers].filter(([name]) => name !== 'date')
    const head = await fetch(url, { method: 'HEAD' })
    const get = await fetch(url)
    expect([head.status, ...fieldsOf(head)]).toEqual([get.status, ...fieldsOf(get)])
    expect(await head.text()).toBe('')
    await rig.post(`/jobs/${id}/seal`)
    expect(await get.text()).toContain('event: job')
    const seen = { 'last-event-id': String((await rig.read(id)).seq) }
    expect((await fetch(url, { method: 'HEAD', headers: seen })).status).toBe(204)
    expect((await rig.send('HEAD', '/jobs/x/events')).status).toBe(404)
    expect(rig.streams.size).toBe(0)
  })

  test.each([
    [undefined, 200],
    ['*/*', 200],
    ['text/*;q=0.5, application/json', 200],
    ['text/event-stream', 200],
    ['application/json', 406],
    ['text/html, */*;q=0', 406],
  ])('to Accept: %s is %d', async (accept, status) => {
    await using rig = await startApp()
    const { id } = await rig.run([])
    const response = await rig.get(`/jobs/${id}/events`, accept === undefined ? {} : { accept })
    expect(response.status).toBe(status)
    if (status === 406)
      expect(await problemOf(response)).toMatchObject({
        code: 'not_acceptable',
        detail: `Expected "Accept" to allow text/event-stream, got ${JSON.stringify(accept)}.`,
      })
  })

  test.each([
    ['after', (seq: string) => [`?after=${seq}`, {}] as const],
    ['Last-Event-ID', (seq: string) => ['', { 'last-event-id': seq }] as const],
    ['Last-Event-ID, over after', (seq: string) => ['?after=0', { 'last-event-id': seq }] as const],
  ])('resumes by %s with what changed since, and nothing else', async (_, from) => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding(), holding()])
    const [first, second] = await rig.runs.started(2)
    const events = await open(rig, id)
    await events.next()
    first?.succeed()
    const seen = await events.next()
    await events.close()
    second?.succeed()
    await rig.clock.advance(0)
    const [query, headers] = from(seen?.id ?? '')
    const resumed = await (await open(rig, id, query, headers)).all()
    expect(resumed.map(({ event }) => event)).toEqual(['tasks', 'job'])
    expect(resumed[0]?.data).toMatchObject({ data: [{ index: 1 }] })
  })

  test('ends with the end of a job that is not kept, of which there is nothing to come back for', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding()], { keepMs: 0 })
    const run = await rig.runs.nth(1)
    const events = await open(rig, id)
    await events.next()
    run.succeed()
    const told = await events.all()
    expect(told.map(({ event }) => event)).toEqual(['tasks', 'job'])
    await rig.clock.advance(1)
    const again = await rig.get(`/jobs/${id}/events`, { 'last-event-id': told.at(-1)?.id ?? '' })
    expect(await problemOf(again)).toMatchObject({ status: 404, code: 'not_found' })
  })

  test('tells a reader that has seen the end not to connect again', async () => {
    await using rig = await startApp()
    const { id, seq } = await rig.run([echoing()])
    expect((await rig.get(`/jobs/${id}/events`, { 'last-event-id': String(seq) })).status).toBe(204)
    expect((await rig.get(`/jobs/${id}/events`, { 'last-event-id': String(seq - 1) })).status).toBe(200)
  })

  test.each([
    ['?after=99', {}, 'Expected "after" between 0 and 5, the latest seq of the job, got 99.'],
    ['?after=-1', {}, 'Expected "after" of at least 0, got -1.'],
    ['', { 'last-event-id': 'x' }, 'Expected "Last-Event-ID" to be the id of an earlier event, got "x".'],
    ['', { 'last-event-id': '-1' }, 'Expected "Last-Event-ID" to be the id of an earlier event, got "-1".'],
    [
      '',
      { 'last-event-id': '99' },
      'Expected "Last-Event-ID" between 0 and 5, the latest seq of the job, got 99.',
    ],
    [
      '?after=0',
      { 'last-event-id': '99' },
      'Expected "Last-Event-ID" between 0 and 5, the latest seq of the job, got 99.',
    ],
  ])('refuses %j with %j', async (query, headers, detail) => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding(), holding(), holding()])
    for (const run of await rig.runs.started(3)) run.succeed()
    await rig.clock.advance(0)
    await rig.submit([])
    const problem = await problemOf(await rig.get(`/jobs/${id}/events${query}`, headers))
    expect(problem).toMatchObject({ status: 422, code: 'invalid' })
    expect(problem.detail.replace(/and \d+,/, 'and 5,')).toBe(detail)
  })

  test('sends a comment when nothing happens, so that nobody cuts the connection', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    const events = await open(rig, id)
    await events.next()
    const heard = events.comment()
    await rig.clock.advance(15_000)
    await heard
    run.succeed()
    expect(await events.next()).toMatchObject({ event: 'tasks' })
  })

  test('misses nothing for a reader that pauses, and tells it each end once', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit(Array.from({ length: 60 }, holding))
    const runs = await rig.runs.started(60)
    const events = await open(rig, id)
    await events.next()
    for (const run of runs) {
      run.succeed()
      await rig.clock.advance(10)
    }
    const rest = await events.all()
    const told = rest
      .filter(({ event }) => event === 'tasks')
      .flatMap(({ data }) => data.data as { index: number }[])
    expect(told.map(({ index }) => index).sort((a, b) => a - b)).toEqual(runs.map((_, index) => index))
    expect(rest.at(-1)).toMatchObject({ event: 'job', data: { data: { state: 'succeeded' } } })
  })

  test('is cut, with nothing left over, when the store fails', async () => {
    let probe: Probe | undefined
    await using rig = await startApp({
      wrap: (store) => {
        probe = new Probe(store)
        return probe
      },
    })
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    if (probe) probe.beforeRead = () => Promise.reject(new Error('SQLITE_IOERR'))
    const timers = rig.clock.pending
    const events = await open(rig, id, '?after=0')
    await expect(events.next()).rejects.toThrow()
    expect(rig.streams.size).toBe(0)
    expect(rig.clock.pending).toBe(timers)
    expect(rig.logs).toMatchObject([{ message: 'An event stream broke', fields: { job: id } }])
    run.succeed()
  })

  test('ends everything of a reader that leaves', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    const timers = rig.clock.pending
    const events = await open(rig, id)
    await events.next()
    expect(rig.streams.size).toBe(1)
    await events.close()
    expect(rig.streams.size).toBe(0)
    expect(rig.clock.pending).toBe(timers)
    run.succeed()
  })

  test('ends when the connection is lost', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    const abort = new AbortController()
    const response = await fetch(`http://${rig.listen()}/jobs/${id}/events`, { signal: abort.signal })
    await new SseReader(response).next()
    const gone = whenEmpty(rig)
    abort.abort()
    await gone
    run.succeed()
  })

  test('ends like any other answer when the server stops, so that who comes too late comes again', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    const events = await open(rig, id)
    await events.next()
    const unread = await rig.get(`/jobs/${id}/events`)
    rig.streams.close()
    expect(await events.next()).toBeUndefined()
    expect(await unread.text()).toMatch(/^retry: 1000\n\nevent: job\nid: \d+\ndata: .*\n\n$/)
    const late = await rig.get(`/jobs/${id}/events`)
    expect(late.status).toBe(200)
    expect(await late.text()).toBe('retry: 1000\n\n')
    run.succeed()
  })
})

/** Resolves when the last open stream is taken off the list. */
const whenEmpty = async ({ streams }: AppRig) => {
  while (streams.size > 0) await new Promise((resolve) => setImmediate(resolve))
}
