import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { BufferingProxy } from '../../support/proxy.ts'
import { type AppRig, echoing, holding, startApp } from '../rig.ts'
import { Clients } from './clients.ts'
import type { Watch } from './watch.ts'

let clients: Clients
beforeAll(async () => {
  clients = await Clients.start()
}, 30_000)
afterAll(() => clients[Symbol.asyncDispose]())

const all = (watches: Watch[], fits: (watch: Watch) => boolean) =>
  Promise.all(watches.map((watch) => watch.until(fits)))
const closed = (watches: Watch[]) => Promise.all(watches.map((watch) => watch.closed()))

/** The tasks as they are stored, as events tell of them. */
const tasksOf = async (rig: AppRig, id: string) => {
  const { data } = await (await rig.get(`/jobs/${id}/tasks`)).json()
  return data.map(({ index, key, state, attempt, seq, output }: Record<string, unknown>) => ({
    index,
    ...(key !== undefined && { key }),
    state,
    attempt,
    seq,
    output,
  }))
}

/** What a line of an event stream, or its encoding, could trip over. */
const texts = [
  'line\nline\rline\r\nline\n\n',
  '\n\nevent: job\nid: 99\nretry: 1\ndata: {}\n\n',
  ' a space first',
  '\ufeffa byte order mark',
  'a\u2028b\u2029c\u0085d',
  'a\0b\x7f\x1b',
  '\u{1f9f5}\u{10ffff}',
  '\ud800 half a character \udc00',
]

// At once: most of it is the second that an EventSource waits before it comes again.
describe.concurrent('an EventSource', () => {
  test('follows a job to its end, and is then told to come no more', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding(), holding()])
    const [one, two] = await rig.runs.started(2)
    const watches = await clients.open(`http://${rig.listen()}/jobs/${id}/events?after=0`)
    await all(watches, ({ events }) => events.length > 0)
    one?.succeed('a')
    await all(watches, ({ changes }) => changes.some(({ state }) => state === 'succeeded'))
    two?.context.progress({ done: 1, total: 2 })
    await rig.clock.advance(50)
    await all(watches, ({ notes }) => notes.at(-1)?.type === 'progress')
    two?.succeed('b')
    for (const watch of await closed(watches)) {
      const told = watch.notes.flatMap((note) => ('id' in note ? [note] : []))
      const [first, , second, third, fourth, last] = told
      expect(told.map(({ type }) => type)).toEqual(['tasks', 'job', 'tasks', 'progress', 'tasks', 'job'])
      expect(Number(first?.id)).toBeGreaterThan(0)
      // Progress has no id: to resume after it is to resume after what came before it.
      expect(third?.id).toBe(second?.id)
      expect(Number(last?.id)).toBeGreaterThan(Number(fourth?.id))
      expect(watch.events.at(-1)).toMatchObject({ data: { state: 'succeeded' } })
      expect(watch.fold).toEqual(await tasksOf(rig, id))
      expect(watch.opened).toBe(1)
    }
    expect(rig.streams.size).toBe(0)
  })

  test('that is cut off comes back by itself, and goes on where it was', async () => {
    await using rig = await startApp()
    await using proxy = await BufferingProxy.start(`http://${rig.listen()}`)
    const { id } = await rig.submit(Array.from({ length: 6 }, holding))
    const runs = await rig.runs.started(6)
    const watches = await clients.open(`${proxy.url}/jobs/${id}/events`)
    await all(watches, ({ events }) => events.length > 0)
    runs[0]?.succeed()
    await all(watches, ({ changes }) => changes.length === 1)
    proxy.cut()
    await all(watches, ({ notes }) => notes.at(-1)?.type === 'error')
    runs[1]?.succeed()
    await all(watches, ({ changes }) => changes.length === 2)
    for (const run of runs.slice(2)) run.succeed()
    for (const watch of await Promise.all(watches.map((each) => each.over()))) {
      expect(watch.opened).toBe(2)
      expect(watch.fold).toEqual(await tasksOf(rig, id))
    }
  })

  test('is told every text as it is', async () => {
    await using rig = await startApp()
    const key = '\u{1f9f5} : \ufeff'
    const { id } = await rig.submit([{ ...holding(), key }, holding()])
    const [one, two] = await rig.runs.started(2)
    const watches = await clients.open(`http://${rig.listen()}/jobs/${id}/events`)
    await all(watches, ({ events }) => events.length > 0)
    one?.context.progress({ done: 1, message: texts.join('') })
    await rig.clock.advance(50)
    one?.succeed(texts)
    two?.end({ type: 'failed', error: { code: 'handler_failed', message: texts.join('') }, retryable: false })
    for (const watch of await Promise.all(watches.map((each) => each.over()))) {
      expect(watch.events.find(({ type }) => type === 'progress')?.data).toMatchObject([
        { message: texts.join('') },
      ])
      expect(watch.fold).toMatchObject([{ key, output: texts }, { error: { message: texts.join('') } }])
    }
  })

  test('that comes while the server stops comes again', async () => {
    await using rig = await startApp()
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    rig.streams.close()
    const watches = await clients.open(`http://${rig.listen()}/jobs/${id}/events`)
    for (const { notes } of await all(watches, ({ opened }) => opened === 2))
      expect(notes.slice(0, 3)).toEqual([{ type: 'open' }, { type: 'error', state: 0 }, { type: 'open' }])
    run.succeed()
  })

  test.each([
    ['a job that is not there', (id: string) => `/jobs/${id.replace(/.$/, 'x')}/events`],
    ['a seq that the job has not reached', (id: string) => `/jobs/${id}/events?after=99`],
  ])('gives up at once on %s', async (_, path) => {
    await using rig = await startApp()
    const { id } = await rig.run([])
    for (const watch of await closed(await clients.open(`http://${rig.listen()}${path(id)}`)))
      expect(watch.notes).toEqual([{ type: 'error', state: 2 }])
  })

  test('gives up when the job was deleted since it was cut off', async () => {
    await using rig = await startApp()
    await using proxy = await BufferingProxy.start(`http://${rig.listen()}`)
    const { id } = await rig.submit([holding()])
    const run = await rig.runs.nth(1)
    const watches = await clients.open(`${proxy.url}/jobs/${id}/events`)
    await all(watches, ({ events }) => events.length > 0)
    proxy.cut()
    run.succeed()
    await rig.engine.ended(id, 1)
    expect((await rig.send('DELETE', `/jobs/${id}`)).status).toBe(204)
    for (const watch of await closed(watches)) {
      expect(watch.opened).toBe(1)
      expect(watch.events.at(-1)).toMatchObject({ data: { state: 'running' } })
    }
  })

  test('of a page from another origin gets nowhere', async () => {
    await using rig = await startApp()
    const { id } = await rig.run([echoing('secret')])
    const { follow } = rig.engine
    let followers = 0
    rig.engine.follow = (...args) => {
      followers += 1
      return follow.apply(rig.engine, args)
    }
    using other = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('A page') })
    const [own, watch] = await clients.open(
      `http://${rig.listen()}/jobs/${id}/events?after=0`,
      other.url.href,
    )
    expect((await watch?.closed())?.notes).toEqual([{ type: 'error', state: 2 }])
    // The package is no browser, and has no origin.
    await own?.until(({ events }) => events.length > 0)
    expect(followers).toBe(1)
  })
})
