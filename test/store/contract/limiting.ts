import { expect, test } from 'bun:test'
import type { Gate } from '../../../src/store/flow.ts'
import { newJob, newTask } from '../../support/jobs.ts'
import type { Start } from '../contract.ts'
import { gateOf, indexesOf } from '../driver.ts'

const nothing = { limits: [], states: [], starts: [] }

/** A gate that keeps the starts of queue `q`, in buckets of 100 ms, and has so much room for it. */
const metering = (room = Number.POSITIVE_INFINITY): Gate => ({
  ...gateOf({ q: room }),
  bucketMs: (queue) => (queue === 'q' ? 100 : undefined),
})

export const limiting = (start: Start) => {
  test('a store that was told nothing of queues says nothing of them', async () => {
    const s = await start()
    expect(await s.store.flow()).toEqual(nothing)
  })

  test('limits are kept as they were set, for queues and patterns, by name', async () => {
    const s = await start()
    const b = { concurrency: 2, rate: { limit: 10, perMs: 1_000 }, adaptive: null }
    const { limited } = await s.commit({
      limits: [
        { name: 'http:b', limits: b },
        { name: 'http:*', limits: {} },
      ],
    })
    const records = [
      { name: 'http:*', limits: {}, pausedAt: undefined, updatedAt: s.now },
      { name: 'http:b', limits: b, pausedAt: undefined, updatedAt: s.now },
    ]
    expect(limited).toEqual([
      { name: 'http:b', record: records[1], existed: false },
      { name: 'http:*', record: records[0], existed: false },
    ])
    expect((await s.store.flow()).limits).toEqual(records)
    await s.reopen()
    expect((await s.store.flow()).limits).toEqual(records)
  })

  test('limits that are set again replace what was set before', async () => {
    const s = await start()
    await s.commit({ limits: [{ name: 'q', limits: { concurrency: 2, paused: true } }] })
    s.now += 5
    const limits = { rate: { limit: 1, perMs: 10 } }
    const record = { name: 'q', limits, pausedAt: undefined, updatedAt: s.now }
    const { limited } = await s.commit({ limits: [{ name: 'q', limits }] })
    expect(limited).toEqual([{ name: 'q', record, existed: true }])
    expect((await s.store.flow()).limits).toEqual([record])
  })

  test('limits can be removed, once', async () => {
    const s = await start()
    const remove = { name: 'q', limits: undefined }
    const { limited } = await s.commit({
      limits: [{ name: 'q', limits: { concurrency: 1 } }, remove, remove],
    })
    expect(limited.map(({ existed }) => existed)).toEqual([false, true, false])
    expect(limited.slice(1).map(({ record }) => record)).toEqual([undefined, undefined])
    expect(await s.store.flow()).toEqual(nothing)
  })

  test('a queue is paused since it was paused, not since its limits were set again', async () => {
    const s = await start()
    const pausedAt = async (paused: boolean, concurrency: number) => {
      s.now += 10
      await s.commit({ limits: [{ name: 'q', limits: { paused, concurrency } }] })
      return (await s.store.flow()).limits[0]?.pausedAt
    }
    const since = s.now + 10
    expect(await pausedAt(true, 1)).toBe(since)
    expect(await pausedAt(true, 2)).toBe(since)
    expect((await s.store.flow()).limits).toMatchObject([{ updatedAt: s.now, limits: { concurrency: 2 } }])
    await s.reopen()
    expect(await pausedAt(true, 3)).toBe(since)
    expect(await pausedAt(false, 3)).toBeUndefined()
    expect(await pausedAt(true, 3)).toBe(s.now)

    await s.commit({ limits: [{ name: 'q', limits: undefined }] })
    expect(await pausedAt(true, 3)).toBe(s.now)
  })

  test('limits by themselves hold nothing back: that is for the gate', async () => {
    const s = await start()
    await s.commit({ limits: [{ name: 'q', limits: { paused: true } }] })
    await s.submit({ tasks: [{ queue: 'q' }] })
    expect(await s.claim()).toHaveLength(1)
  })

  test('what flow control notes of a queue is kept, replaced and removed', async () => {
    const s = await start()
    const states = [
      { queue: 'b', state: '{"at":1}' },
      { queue: 'a', state: '"x"' },
    ]
    await s.commit({ queueStates: states })
    await s.commit({ queueStates: [{ queue: 'b', state: '{"at":2}' }] })
    await s.reopen()
    expect((await s.store.flow()).states).toEqual([
      { queue: 'a', state: '"x"' },
      { queue: 'b', state: '{"at":2}' },
    ])
    const gone = { queue: 'a', state: undefined }
    await s.commit({ queueStates: [gone, { queue: 'never', state: undefined }] })
    expect((await s.store.flow()).states).toEqual([{ queue: 'b', state: '{"at":2}' }])
  })

  test('the starts of a metered queue are counted with the claims, in the bucket of their time', async () => {
    const s = await start()
    s.now = 1_000_050
    const task = newTask({ queue: 'q' })
    const other = newTask({ queue: 'other' })
    for (let i = 0; i < 2; i += 1) await s.submit({ tasks: [task, other, task, task] })
    const { claimed } = await s.commit({ claim: 100, gate: metering(4) })
    expect(claimed).toHaveLength(6)
    const first = { queue: 'q', bucket: 1_000_000, count: 4, at: undefined }
    expect((await s.store.flow()).starts).toEqual([first])

    s.now = 1_000_099
    await s.commit({ claim: 100, gate: metering(1), opened: ['q'] })
    s.now = 1_000_100
    await s.commit({ claim: 100, gate: metering(), opened: ['q'] })
    const starts = [
      { ...first, count: 5 },
      { queue: 'q', bucket: 1_000_100, count: 1, at: undefined },
    ]
    expect((await s.store.flow()).starts).toEqual(starts)
    await s.reopen()
    expect((await s.store.flow()).starts).toEqual(starts)
  })

  test('a queue that is not metered keeps no starts, and nor does a claim of nothing', async () => {
    const s = await start()
    await s.commit({ claim: 100, gate: metering() })
    await s.submit({ tasks: [{ queue: 'other' }, { queue: 'q', runAt: s.now + 1 }] })
    await s.commit({ claim: 100, gate: metering(0) })
    s.now += 1
    await s.commit({ claim: 100, gate: metering(0) })
    expect((await s.store.flow()).starts).toEqual([])
  })

  test('a bucket says when the latest of it started, until more is claimed into it', async () => {
    const s = await start()
    await s.submit({ tasks: [{ queue: 'q' }, { queue: 'q' }] })
    await s.commit({ claim: 1, gate: metering() })
    const bucket = Math.floor(s.now / 100) * 100
    const started = { queue: 'q', bucket, at: s.now + 7, from: 0 }
    await s.commit({ started: [started] })
    expect((await s.store.flow()).starts).toEqual([{ queue: 'q', bucket, count: 1, at: s.now + 7 }])
    await s.commit({ claim: 1, gate: metering() })
    expect((await s.store.flow()).starts).toEqual([{ queue: 'q', bucket, count: 2, at: undefined }])
    await s.commit({ started: [{ ...started, at: s.now + 9 }] })
    await s.reopen()
    expect((await s.store.flow()).starts).toEqual([{ queue: 'q', bucket, count: 2, at: s.now + 9 }])
  })

  test('buckets that are no longer needed go, and only those of the queue', async () => {
    const s = await start()
    const gate = { ...metering(), bucketMs: () => 100 }
    await s.submit({
      tasks: ['q', 'q', 'q', 'r'].map((queue, i) => ({ queue, runAt: s.now + (i % 3) * 100 })),
    })
    for (let i = 0; i < 3; i += 1) {
      await s.commit({ claim: 10, gate })
      s.now += 100
    }
    expect((await s.store.flow()).starts).toMatchObject([
      { queue: 'q', bucket: 1_000_000 },
      { queue: 'q', bucket: 1_000_100 },
      { queue: 'q', bucket: 1_000_200 },
      { queue: 'r', bucket: 1_000_000 },
    ])
    await s.commit({ started: [{ queue: 'q', bucket: 1_000_200, at: s.now, from: 1_000_200 }] })
    expect((await s.store.flow()).starts).toEqual([
      { queue: 'q', bucket: 1_000_200, count: 1, at: s.now },
      { queue: 'r', bucket: 1_000_000, count: 1, at: undefined },
    ])
  })

  test('a start in a bucket that is gone is passed over', async () => {
    const s = await start()
    await s.commit({ started: [{ queue: 'q', bucket: 5, at: 500, from: 6 }] })
    expect((await s.store.flow()).starts).toEqual([])
  })

  test('a commit that fails leaves limits, notes and starts as they were', async () => {
    const s = await start()
    const job = await s.submit({ tasks: [{ queue: 'q' }, { queue: 'q' }] })
    const good = {
      limits: [{ name: 'q', limits: { paused: true } }],
      queueStates: [{ queue: 'q', state: '1' }],
      claim: 1,
      gate: metering(1),
    }
    await s.commit(good)
    const before = await s.store.flow()
    const { bucket = 0 } = before.starts[0] ?? {}
    s.now += 10
    const bad = {
      ...good,
      limits: [{ name: 'q', limits: undefined }],
      queueStates: [{ queue: 'q', state: '2' }],
      started: [{ queue: 'q', bucket, at: s.now, from: 0 }],
      submissions: [newJob({ id: job.id })],
      opened: ['q'],
    }
    await expect(s.commit(bad)).rejects.toThrow()
    expect(await s.store.flow()).toEqual(before)
    const { submissions: _, ...rest } = bad
    expect(indexesOf((await s.commit(rest)).claimed)).toEqual([1])
    expect(await s.store.flow()).toMatchObject({
      limits: [],
      states: [{ state: '2' }],
      starts: [{ count: 2 }],
    })
  })
}
