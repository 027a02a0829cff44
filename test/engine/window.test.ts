import { describe, expect, test } from 'bun:test'
import { jobOf, type Rig, startEngine } from '../support/engine.ts'

/** A job of ten tasks of which two run; one has ended, so that another is at hand for the next place. */
const withOneAtHand = async (rig: Rig, fields: Parameters<typeof jobOf>[1] = {}) => {
  const job = await rig.submit(jobOf(10, fields))
  ;(await rig.script.nth(1)).succeed()
  await rig.script.nth(3)
  await rig.settle()
  expect((await rig.read(job)).counts).toMatchObject({ succeeded: 1, running: 3, queued: 6 })
  expect(rig.script.runs.length).toBe(3)
  return job
}

describe('a claim at hand', () => {
  test('starts when a place is free, before the next commit', async () => {
    await using rig = await startEngine({ concurrency: 2 })
    await withOneAtHand(rig)
    ;(await rig.script.nth(2)).succeed()
    await rig.script.nth(4)
    expect(rig.script.runs.length).toBe(4)
  })

  test('never makes more run than the concurrency', async () => {
    await using rig = await startEngine({ concurrency: 2 })
    const job = await withOneAtHand(rig)
    const live = () => rig.script.runs.filter(({ context }) => !context.signal.aborted).length
    for (let ended = 1; ended < 10; ended += 1) {
      const run = await rig.script.nth(ended + 1)
      expect(live() - ended).toBeLessThanOrEqual(2)
      run.succeed()
      await rig.clock.advance(3)
    }
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded' })
  })

  test('is given back when the job is paused', async () => {
    await using rig = await startEngine({ concurrency: 2 })
    const job = await withOneAtHand(rig)
    await rig.act('pause', job)
    await rig.settle()
    expect((await rig.read(job)).counts).toMatchObject({ running: 2, queued: 7 })
    ;(await rig.script.nth(2)).succeed()
    await rig.clock.advance(3)
    expect(rig.script.runs.length).toBe(3)
  })

  test('is cancelled with its job, and never runs', async () => {
    await using rig = await startEngine({ concurrency: 2 })
    const job = await withOneAtHand(rig)
    await rig.act('cancel', job)
    expect(await rig.ended(job)).toMatchObject({ state: 'cancelled', counts: { succeeded: 1, cancelled: 9 } })
    expect(rig.script.runs.length).toBe(3)
  })

  test('is given back when the engine stops, at once', async () => {
    await using rig = await startEngine({ concurrency: 2 })
    const job = await withOneAtHand(rig)
    const stopped = rig.engine.stop()
    await rig.settle()
    expect((await rig.read(job)).counts).toMatchObject({ running: 2, queued: 7 })
    ;(await rig.script.nth(2)).succeed()
    ;(await rig.script.nth(3)).succeed()
    await stopped
    expect(rig.script.runs.length).toBe(3)
  })

  test('waits for what a failure decides', async () => {
    await using rig = await startEngine({ concurrency: 2 })
    const job = await withOneAtHand(rig, { mode: 'all' })
    ;(await rig.script.nth(2)).fail(false)
    expect(await rig.ended(job)).toMatchObject({ state: 'failed', decidedBy: 1 })
    expect(rig.script.runs.length).toBe(3)
  })
})
