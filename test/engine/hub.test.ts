import { afterAll, describe, expect, test } from 'bun:test'
import { type Frame, mostTasks } from '../../src/engine/frame.ts'
import { Hub } from '../../src/engine/hub.ts'
import { filterOf } from '../../src/job/filter.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { change, id, job, succeededWith, task } from './kit/change.ts'
import { Listener, seeded } from './kit/listener.ts'

const shared = openSqlite({ file: ':memory:' })
afterAll(() => shared.close())

const other = '0192d4e0-0000-7000-8000-000000000002'
const ended = change([], { moved: true, deleted: true, since: 8, job: job({ state: 'failed' }) })

/** A hub, and readers who have read the log of the job to its end. */
const withListeners = async (count: number, rate = () => 0) => {
  const hub = new Hub({ clock: fakeClock(0), store: seeded(shared, job({ seq: 0 })), rate })
  const listeners = Array.from({ length: count }, () => new Listener())
  for (const listener of listeners) await listener.follow(hub, id)
  return { hub, listeners }
}

describe('handing out', () => {
  test('serialises a frame once, however many read it, and not at all if nobody does', async () => {
    let serialised = 0
    const counting = () => {
      serialised += 1
      return 0
    }
    const { hub, listeners } = await withListeners(3, counting)
    const [before] = [serialised]
    hub.publish([change([], { moved: true, job: job({ id: other }) })])
    expect(serialised).toBe(before)
    hub.publish([change([], { moved: true })])
    expect(serialised).toBe(before + 1)
    expect(new Set(listeners.map(({ frames }) => frames.at(-1))).size).toBe(1)
    expect(listeners.map(({ texts }) => texts.at(-1))).toEqual(
      Array(3).fill(expect.stringContaining('"seq":9')),
    )
  })

  test('filters and serialises a frame once for all who want the same', async () => {
    const { hub } = await withListeners(0)
    const frames = new Set<string>()
    const listeners = [['succeeded'], ['succeeded'], ['failed']] as const
    const all: Listener[] = []
    for (const states of listeners) {
      const listener = new Listener()
      await listener.follow(hub, id, { filter: filterOf({ states }) })
      all.push(listener)
    }
    hub.publish([change([task(0), succeededWith(1, '"x"')])])
    for (const { texts } of all) frames.add(texts.at(-1) ?? '')
    const told = [...frames].filter((text) => text.includes('"type":"tasks"'))
    expect(told.map((text) => JSON.parse(text).data)).toEqual([
      [{ index: 1, state: 'succeeded', attempt: 1, seq: 2, output: 'x' }],
    ])
    expect(all.map(({ texts }) => texts.length)).toEqual([2, 2, 1])
  })

  test('reaches those who follow the job at once, and nobody else', async () => {
    const { hub, listeners } = await withListeners(1)
    const [mine] = listeners
    const stranger = new Listener()
    await stranger.follow(hub, other)
    hub.publish([change([task(0)])])
    expect(mine?.frames.at(-1)?.seq).toBe(1)
    expect(stranger.frames).toEqual([])
    mine?.following?.stop()
    hub.publish([change([task(1)], { since: 1 })])
    expect(mine?.frames.at(-1)?.seq).toBe(1)
    expect(hub.followers).toBe(0)
  })

  test('leaves who has no room to the log, and waits for nobody', async () => {
    const { hub, listeners } = await withListeners(2)
    const [full, other] = listeners
    if (full) full.room = 0
    hub.publish([change([task(0)])])
    hub.publish([change([task(1)], { since: 1 })])
    expect(other?.frames.map(({ seq }) => seq)).toEqual([0, 1, 2])
    expect(full?.frames.map(({ seq }) => seq)).toEqual([0])
    expect(full?.isBehind).toBe(true)
  })

  test('ends every reader of a job that is deleted', async () => {
    const { hub, listeners } = await withListeners(2)
    const [reads, behind] = listeners
    if (behind) behind.room = 0
    hub.publish([{ ...ended, since: 0 }])
    expect(reads?.frames.at(-1)?.last).toBe(true)
    expect(reads?.ends).toEqual([undefined])
    expect(behind?.ends).toMatchObject([{ code: 'not_found', message: `The job ${id} was deleted.` }])
    expect(hub.followers).toBe(0)
  })

  test('progress that nobody follows is not kept, and arms no timer', async () => {
    const clock = fakeClock(0)
    const hub = new Hub({ clock, store: shared, rate: () => 0 })
    const running = { jobId: id, index: 0, key: undefined }
    hub.progress(running, { done: 1 })
    expect(clock.pending).toBe(0)
    await new Listener().follow(hub, id)
    expect(hub.followers).toBe(0)
    hub.follow(id, {}, new Listener())
    hub.progress(running, { done: 1 })
    expect(clock.pending).toBe(1)
    hub.close()
    expect(clock.pending).toBe(0)
  })
})

describe('a log that many read', () => {
  test('is read once for all who ask for the same in one turn, and anew after a change', async () => {
    let reads = 0
    const counted = seeded(shared, job({ seq: 0 }), () => {
      reads += 1
    })
    const hub = new Hub({ clock: fakeClock(0), store: counted, rate: () => 0 })
    const follow = () => new Listener().follow(hub, id, { after: 0 })
    await Promise.all(Array.from({ length: 100 }, follow))
    expect(reads).toBe(1)
    const before = follow()
    hub.publish([change([task(0)])])
    await Promise.all([before, follow()])
    expect(reads).toBe(2)
    expect(hub.followers).toBe(102)
  })

  test('is read anew after a change that came when nobody followed the job', async () => {
    let seq = 0
    const store = seeded(shared, job({ seq }))
    store.changes = async () => ({ job: job({ seq }), tasks: [], more: false })
    const hub = new Hub({ clock: fakeClock(0), store, rate: () => 0 })
    const [gone, listener] = [new Listener(), new Listener()]
    void gone.follow(hub, id, { after: 0 })
    gone.following?.stop()
    seq = 1
    hub.publish([change([task(0)], { job: job({ seq }) })])
    await listener.follow(hub, id, { after: 0 })
    expect(listener.frames.map(({ seq }) => seq)).toEqual([1])
  })

  test('is caught up with, though more than a frame is added to it in each turn of the event loop', async () => {
    let seq = 10_000
    let reads = 0
    const store = seeded(shared, job({ seq }))
    const logged = (after: number, end: number) =>
      Array.from({ length: end - after }, (_, i) => task(after + i))
    store.changes = async (_, after, limit) => {
      reads += 1
      const end = Math.min(seq, after + limit)
      return { job: job({ seq }), tasks: logged(after, end), more: end < seq }
    }
    const hub = new Hub({ clock: fakeClock(0), store, rate: () => 0 })
    const goOn = async (turns: number) => {
      for (let turn = 0; turn < turns; turn++) {
        await new Promise((resolve) => setImmediate(resolve))
        const since = seq
        seq += mostTasks + 200
        hub.publish([change(logged(since, seq), { since, job: job({ seq }) })])
      }
      return reads
    }
    const listener = new Listener()
    void listener.follow(hub, id, { after: 0 })
    const caughtUp = await goOn(50)
    expect(await goOn(5)).toBe(caughtUp)
    expect(listener.frames.at(-1)?.seq).toBe(seq)
  })

  test('gives every reader the same frames', async () => {
    const { listeners } = await withListeners(2)
    const [one, two] = listeners.map(({ frames }): Frame | undefined => frames[0])
    expect(one?.text()).toBe(two?.text() ?? '')
  })
})
