import { describe, expect, test } from 'bun:test'
import type { Store } from '../../src/store/store.ts'
import { jobOf, startEngine, tasksOf } from '../support/engine.ts'
import { jobIn } from '../support/jobs.ts'

/** Counts how often a job is looked up. */
const counting = (store: Store) => {
  const { job } = store
  const count = { reads: 0 }
  store.job = (id) => {
    count.reads += 1
    return job.call(store, id)
  }
  return count
}

describe('waiting for the end of a job', () => {
  test('gives the job when it ends, to all who wait', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(1))
    const waiting = [rig.engine.ended(job.id, 60_000), rig.engine.ended(job.id, 1)]
    ;(await rig.script.nth(1)).succeed()
    for (const ended of await Promise.all(waiting))
      expect(ended).toMatchObject({ state: 'succeeded', counts: { succeeded: 1 } })
    expect(rig.clock.pending).toBe(0)
  })

  test('gives a job that has ended at once', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(0))
    expect(await rig.engine.ended(job.id, 60_000)).toMatchObject({ state: 'succeeded' })
    expect(rig.clock.pending).toBe(0)
  })

  test('gives the job as it stands when the time is over', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(2))
    const [one] = await rig.script.started(2)
    const waiting = rig.engine.ended(job.id, 1_000)
    let over = false
    waiting.then(() => {
      over = true
    })
    one?.succeed()
    await rig.clock.advance(999)
    expect(over).toBe(false)
    await rig.clock.advance(1)
    expect(await waiting).toMatchObject({ state: 'running', counts: { succeeded: 1, running: 1 } })
  })

  test('gives the job as it stands when who asked goes away, now or before', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(1))
    await rig.script.started(1)
    const { pending } = rig.clock
    const abort = new AbortController()
    const waiting = rig.engine.ended(job.id, 60_000, abort.signal)
    await rig.settle()
    abort.abort()
    expect(await waiting).toMatchObject({ state: 'running' })
    expect(await rig.engine.ended(job.id, 60_000, abort.signal)).toMatchObject({ state: 'running' })
    expect(rig.clock.pending).toBe(pending)
  })

  test('gives nothing when there is no such job', async () => {
    await using rig = await startEngine()
    expect(await rig.engine.ended(Bun.randomUUIDv7(), 60_000)).toBeUndefined()
    expect(rig.clock.pending).toBe(0)
  })

  test('gives the job as it ended when it is not kept', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(1, { keepMs: 0 }))
    const waiting = rig.engine.ended(job.id, 60_000)
    ;(await rig.script.nth(1)).succeed()
    expect(await waiting).toMatchObject({ state: 'succeeded', counts: { succeeded: 1 } })
    await rig.settle()
    expect(await rig.engine.ended(job.id, 60_000)).toBeUndefined()
  })

  test('waits anew for a job that was taken up again', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(1))
    ;(await rig.script.nth(1)).fail(false)
    await rig.ended(job)
    await rig.act('retry', job)
    const waiting = rig.engine.ended(job.id, 60_000)
    ;(await rig.script.nth(2)).succeed()
    expect(await waiting).toMatchObject({ state: 'succeeded', counts: { succeeded: 1, failed: 0 } })
  })

  test('does not miss a job that ends while it is looked up', async () => {
    await using rig = await startEngine()
    for (let count = 0; count < 20; count += 1) {
      const job = jobIn(await rig.engine.submit(jobOf(tasksOf('echo', 1))))
      expect(await rig.engine.ended(job.id, 60_000)).toMatchObject({ state: 'succeeded' })
    }
  })

  test('reads the store once, however long it takes, whatever else goes on, and however it is over', async () => {
    let count = { reads: 0 }
    await using rig = await startEngine({
      wrap: (store) => {
        count = counting(store)
        return store
      },
    })
    const [job, other] = [await rig.submit(jobOf(1)), await rig.submit(jobOf(1))]
    const [run] = await rig.script.started(2)
    const abort = new AbortController()
    const waiting = [
      ...Array.from({ length: 10 }, () => rig.engine.ended(job.id, 60_000)),
      ...Array.from({ length: 10 }, () => rig.engine.ended(other.id, 60_000, abort.signal)),
    ]
    expect(count.reads).toBe(20)
    for (let round = 0; round < 20; round += 1) {
      await rig.submit(jobOf(tasksOf('echo', 5)))
      await rig.clock.advance(1_000)
    }
    run?.succeed()
    abort.abort()
    expect(new Set((await Promise.all(waiting)).map((ended) => ended?.state))).toEqual(
      new Set(['succeeded', 'running']),
    )
    expect(count.reads).toBe(20)
  })
})

describe('waiting for the outcome of a job', () => {
  test('is over before its last tasks are cancelled, and waiting for its end is not', async () => {
    await using rig = await startEngine({ concurrency: 1 })
    // More than a step of cancelling takes along.
    const job = await rig.submit(jobOf(5_000, { mode: 'any' }))
    let ended = false
    const end = rig.engine.ended(job.id, 60_000).then((record) => {
      ended = true
      return record
    })
    const outcome = rig.engine.decided(job.id, 60_000)
    ;(await rig.script.nth(1)).succeed()
    expect(await outcome).toMatchObject({ state: 'stopping', outcome: 'succeeded', decidedBy: 0 })
    expect(ended).toBe(false)
    await rig.settle()
    expect(await rig.engine.decided(job.id, 60_000)).toMatchObject({ outcome: 'succeeded' })
    expect(await end).toMatchObject({ state: 'succeeded', counts: { succeeded: 1, cancelled: 4_999 } })
  })

  test('is over at the end, where that decides', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(2))
    const outcome = rig.engine.decided(job.id, 60_000)
    const [one, two] = await rig.script.started(2)
    one?.fail(false)
    await rig.settle()
    two?.succeed()
    expect(await outcome).toMatchObject({ state: 'succeeded', counts: { succeeded: 1, failed: 1 } })
  })

  test('begins anew when the job is taken up again', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(1, { mode: 'all' }))
    ;(await rig.script.nth(1)).fail(false)
    expect(await rig.engine.decided(job.id, 60_000)).toMatchObject({ outcome: 'failed' })
    await rig.act('retry', job)
    const outcome = rig.engine.decided(job.id, 60_000)
    ;(await rig.script.nth(2)).succeed()
    expect(await outcome).toMatchObject({ outcome: 'succeeded' })
  })
})
