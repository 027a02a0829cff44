import { describe, expect, test } from 'bun:test'
import type { FollowEvent, TaskChangeView } from '../../../src/client.ts'
import { endedEvent, jobEvent, jobId, otherId, tasksEvent } from '../support/events.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { collect, startClient } from '../support/rig.ts'

failOnLeaks()

const idOf = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, '0')}`
const subscribe = (job: string, after?: number) => ({
  type: 'subscribe',
  job,
  ...(after !== undefined && { after }),
})
const changes = (job: string, ...seqs: number[]): FollowEvent => ({ ...tasksEvent(...seqs), job })
const isPing = (message: unknown) => JSON.stringify(message).includes('"ping"')

describe('a watch', () => {
  test('tells of many jobs over one socket, and ends when the last has ended', async () => {
    const client = startClient()
    const events = collect(client.sheaf.watch([jobId, client.sheaf.job(otherId)]))
    const socket = await client.accepted()
    expect(socket.take()).toEqual([subscribe(jobId, 0), subscribe(otherId, 0)])
    socket.say(changes(otherId, 1))
    socket.say(endedEvent(2, { id: otherId }))
    socket.say(changes(otherId, 3))
    socket.say(tasksEvent(1))
    expect(socket.closed).toBe(false)
    socket.say(endedEvent(2))
    expect(await events).toEqual([
      changes(otherId, 1),
      endedEvent(2, { id: otherId }),
      tasksEvent(1),
      endedEvent(2),
    ])
    client.expectNothingOpen()
  })

  test('of no jobs ends at once, and asks nothing', async () => {
    const client = startClient()
    expect(await collect(client.sheaf.watch([]))).toEqual([])
    expect(client.net.sockets).toEqual([])
    client.expectNothingOpen()
  })

  test('begins with each job where that says, or else where it says itself', async () => {
    const client = startClient()
    const jobs = [
      jobId.toUpperCase(),
      { job: otherId, after: 41 },
      { job: client.sheaf.job(idOf(3)) },
      idOf(4),
    ]
    const loop = client.sheaf.watch([...jobs, jobId, { job: idOf(4), after: 7 }], { after: 'now' })
    const first = loop.next()
    expect((await client.accepted()).take()).toEqual([
      subscribe(jobId),
      subscribe(otherId, 41),
      subscribe(idOf(3)),
      subscribe(idOf(4)),
    ])
    await loop.return?.()
    expect((await first).done).toBe(true)
    client.expectNothingOpen()
  })

  test('takes jobs as they come, and ends when no more come and all have ended', async () => {
    const client = startClient()
    const [made, all] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const jobs = (async function* () {
      yield jobId
      await made.promise
      yield { job: otherId, after: 3 }
      await all.promise
    })()
    const events = collect(client.sheaf.watch(jobs))
    await client.clock.advance(0)
    const socket = await client.accepted()
    expect(socket.take()).toEqual([subscribe(jobId, 0)])
    made.resolve()
    await client.clock.advance(0)
    expect(socket.take()).toEqual([subscribe(otherId, 3)])
    for (const id of [jobId, otherId]) socket.say(endedEvent(9, { id }))
    // Whether more come is not known yet.
    await client.clock.advance(0)
    all.resolve()
    expect(await events).toHaveLength(2)
    client.expectNothingOpen()
  })

  test('that is left, or fails, tells whoever makes its jobs', async () => {
    for (const refused of [false, true]) {
      const client = startClient()
      let closed = 0
      let asked = 0
      const jobs: AsyncIterableIterator<string> = {
        next: () => (asked++ === 0 ? Promise.resolve({ value: jobId }) : new Promise(() => {})),
        return: async () => ({ done: true, value: ++closed }),
        [Symbol.asyncIterator]: () => jobs,
      }
      const loop = client.sheaf.watch(jobs)
      const first = loop.next().catch((error) => error)
      await client.clock.advance(0)
      const socket = await client.accepted()
      if (refused) socket.say({ type: 'error', code: 'not_found', message: 'There is no job.', job: jobId })
      else await loop.return?.()
      expect(await first).toMatchObject(refused ? { code: 'not_found' } : { done: true })
      expect(closed).toBe(1)
      client.expectNothingOpen()
    }
  })

  test('rejects with what its jobs throw, and leaves those that came', async () => {
    const broken = new Error('broken')
    const client = startClient()
    const now = function* () {
      yield jobId
      throw broken
    }
    const later = async function* () {
      yield* now()
    }
    await expect(collect(client.sheaf.watch(now()))).rejects.toBe(broken)
    await expect(collect(client.sheaf.watch(later()))).rejects.toBe(broken)
    client.expectNothingOpen()
  })

  test('ends with the reason of its signal, whatever waits', async () => {
    const client = startClient()
    const abort = new AbortController()
    const loop = client.sheaf.watch([jobId, otherId], { signal: abort.signal })
    const first = loop.next()
    const socket = await client.accepted()
    socket.say(tasksEvent(1))
    socket.say(tasksEvent(2))
    await first
    abort.abort('enough')
    await expect(loop.next()).rejects.toBe('enough')
    expect(await loop.next()).toEqual({ done: true, value: undefined })
    client.expectNothingOpen()
  })
})

describe('a slow watch', () => {
  test('lets go of the jobs that have more to say than waits, and resumes as many at a time as there is room for', async () => {
    const client = startClient({ buffer: 2 })
    const jobs = [1, 2, 3, 4, 5].map(idOf)
    const loop = client.sheaf.watch(jobs)
    const first = loop.next()
    const socket = await client.accepted()
    socket.take()
    for (const seq of [1, 2]) for (const job of jobs) socket.say(changes(job, seq))
    // The loop has one, and two wait: of the third that came to say more, and of all after it, nothing is kept.
    const sent = socket.take().filter((message) => !isPing(message))
    expect(sent).toEqual([4, 5, 1, 2, 3].map((n) => ({ type: 'unsubscribe', job: idOf(n) })))
    for (const id of [1, 2, 3, 4, 5]) socket.say({ type: 'pong', id })
    expect((await first).value).toEqual(changes(idOf(1), 1))
    expect((await loop.next()).value).toEqual(changes(idOf(2), 1))
    expect(socket.take()).toEqual([])
    expect((await loop.next()).value).toEqual(changes(idOf(3), 1))
    expect(socket.take()).toEqual([subscribe(idOf(4), 0), subscribe(idOf(5), 0)])

    // One of which nothing new has come gives its place to the next.
    socket.say(changes(idOf(4), 0))
    expect(socket.take()).toEqual([subscribe(idOf(1), 1)])
    await loop.return?.()
    client.expectNothingOpen()
  })
})

describe('a filter', () => {
  const filter = { states: ['failed', 'cancelled'], keys: ['a', 'b'], output: false } as const

  test('goes along with each subscription, also when a lost connection is won back', async () => {
    const client = startClient()
    const events = collect(client.sheaf.watch([jobId], filter))
    expect((await client.accepted()).take()).toEqual([{ ...subscribe(jobId, 0), ...filter }])
    client.net.latest.drop()
    await client.clock.advance(1_000)
    const socket = await client.accepted()
    expect(socket.take()).toEqual([{ ...subscribe(jobId, 0), ...filter }])
    socket.say(endedEvent(1))
    expect(await events).toEqual([endedEvent(1)])
    client.expectNothingOpen()
  })

  test('holds for its loop alone, when others of the same job share the subscription', async () => {
    const client = startClient()
    const job = client.sheaf.job(jobId)
    const [failed, keyed, whole] = [{ states: ['failed'] } as const, { keys: ['a'], output: false }, {}].map(
      (options) => collect(job.follow(options)),
    )
    const socket = await client.accepted()
    expect(socket.take()).toEqual([subscribe(jobId, 0)])
    const base = tasksEvent(2)
    const a: TaskChangeView = {
      index: 0,
      key: 'a',
      state: 'succeeded',
      attempt: 1,
      seq: 1,
      output: { text: 'Zoë' },
    }
    const b: TaskChangeView = { index: 1, state: 'failed', attempt: 3, seq: 2 }
    const { output: _, ...rest } = a
    socket.say({ ...base, data: [a, b] })
    socket.say({ ...base, seq: 3, data: [{ ...b, state: 'running', seq: 3 }] })
    socket.say(endedEvent(4))
    expect(await failed).toEqual([{ ...base, data: [b] }, endedEvent(4)])
    expect(await keyed).toEqual([{ ...base, data: [{ ...rest, outputBytes: 15 }] }, endedEvent(4)])
    expect(await whole).toHaveLength(3)
    client.expectNothingOpen()
  })

  test('is asked for as wide as all who share the subscription need it', async () => {
    const client = startClient()
    const job = client.sheaf.job(jobId)
    const loops = [
      { states: ['failed'], keys: ['a'], output: false },
      { states: ['succeeded'], keys: ['b'], output: false },
    ] as const
    const ends = loops.map((options) => collect(job.follow(options)))
    const socket = await client.accepted()
    expect(socket.take()).toEqual([
      { ...subscribe(jobId, 0), states: ['failed', 'succeeded'], keys: ['a', 'b'], output: false },
    ])
    const third = collect(job.follow({ states: ['failed'] }))
    socket.take()
    socket.say({ type: 'pong', id: 1 })
    expect(socket.take()).toEqual([{ ...subscribe(jobId, 0), states: ['failed', 'succeeded'] }])
    socket.say(endedEvent(4))
    expect((await Promise.all([...ends, third])).map(({ length }) => length)).toEqual([1, 1, 1])
    client.expectNothingOpen()
  })

  test('that no task fits is told of the job alone, and makes no other filter wider', async () => {
    const client = startClient()
    const job = client.sheaf.job(jobId)
    const nothing = [{ states: [] }, { keys: [] }].map((options) => collect(job.follow(options)))
    const socket = await client.accepted()
    expect(socket.take()).toEqual([{ ...subscribe(jobId, 0), states: ['blocked'], output: false }])
    const failed = collect(job.follow({ states: ['failed'] }))
    socket.take()
    socket.say({ type: 'pong', id: 1 })
    expect(socket.take()).toEqual([{ ...subscribe(jobId, 0), states: ['failed'] }])
    socket.say({ ...tasksEvent(1), data: [{ index: 1, state: 'failed', attempt: 1, seq: 1 }] })
    socket.say(endedEvent(2))
    expect(await Promise.all(nothing)).toEqual([[endedEvent(2)], [endedEvent(2)]])
    expect(await failed).toHaveLength(2)
  })

  test('with more keys than the server takes is not told to it, and holds all the same', async () => {
    const client = startClient()
    const keys = Array.from({ length: 1_001 }, (_, index) => `key ${index}`)
    const events = collect(client.sheaf.job(jobId).follow({ keys }))
    const socket = await client.accepted()
    expect(socket.take()).toEqual([subscribe(jobId, 0)])
    socket.say(tasksEvent(1))
    socket.say(endedEvent(2))
    expect(await events).toEqual([endedEvent(2)])
  })

  test('that lets nothing of an event through costs the loop nothing, and its place moves on', async () => {
    const client = startClient({ buffer: 1 })
    const loop = client.sheaf.job(jobId).follow({ keys: ['a'] })
    const first = loop.next()
    const socket = await client.accepted()
    for (const seq of [1, 2, 3]) socket.say(tasksEvent(seq))
    socket.say(jobEvent(4))
    expect((await first).value).toEqual(jobEvent(4))
    const next = loop.next()
    socket.take()
    socket.drop()
    await client.clock.advance(1_000)
    expect((await client.accepted()).take()).toEqual([{ ...subscribe(jobId, 4), keys: ['a'] }])
    await loop.return?.()
    await next
    client.expectNothingOpen()
  })
})
