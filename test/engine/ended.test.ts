import { describe, expect, test } from 'bun:test'
import { jobOf, startEngine, tasksOf } from '../support/engine.ts'
import { jobIn } from '../support/jobs.ts'

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
})
