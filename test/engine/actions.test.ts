import { describe, expect, test } from 'bun:test'
import { jobOf, startEngine, tasksOf } from '../support/engine.ts'

describe('cancel', () => {
  test('aborts what runs and ends the job at once, whether or not the kind heeds its signal', async () => {
    await using rig = await startEngine({ concurrency: 2 })
    const job = await rig.submit(jobOf(4))
    const [one, two] = await rig.script.started(2)
    const { signal } = one?.context ?? {}
    const ended = rig.ended(job)
    expect(await rig.act('cancel', job)).toMatchObject({ type: 'done', job: { state: 'stopping' } })
    expect(await ended).toMatchObject({
      state: 'cancelled',
      error: { code: 'cancelled' },
      counts: { cancelled: 4 },
    })
    expect(signal?.aborted).toBe(true)

    one?.succeed('late')
    two?.throw(new Error('late'))
    await rig.settle()
    expect(await rig.tasks(job)).toMatchObject(Array.from({ length: 4 }, () => ({ state: 'cancelled' })))
    expect(rig.script.runs.length).toBe(2)
  })

  test('frees the slots for other jobs', async () => {
    await using rig = await startEngine({ concurrency: 2 })
    const job = await rig.submit(jobOf(10))
    const other = await rig.submit(jobOf(2))
    await rig.script.started(2)
    await rig.act('cancel', job)
    const runs = await rig.script.started(4)
    expect(runs.slice(2).map(({ context }) => context.job)).toEqual([other.id, other.id])
  })

  test('is refused to a job that has ended, and finds no job that is not there', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(0))
    expect(await rig.act('cancel', job)).toMatchObject({ type: 'refused', job: { state: 'succeeded' } })
    expect(await rig.act('cancel', { id: Bun.randomUUIDv7() })).toEqual({ type: 'missing' })
  })
})

describe('pause and resume', () => {
  test('a paused job lets what runs end, and starts nothing until it is resumed', async () => {
    await using rig = await startEngine({ concurrency: 1 })
    const job = await rig.submit(jobOf(2))
    const first = await rig.script.nth(1)
    await rig.act('pause', job)
    first.succeed()
    await rig.clock.advance(3_600_000)
    expect(rig.script.runs.length).toBe(1)
    expect(await rig.read(job)).toMatchObject({ state: 'paused', counts: { succeeded: 1, queued: 1 } })
    await rig.act('resume', job)
    ;(await rig.script.nth(2)).succeed()
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded' })
  })

  test('a retry that comes due while the job is paused waits for the resume', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(1))
    ;(await rig.script.nth(1)).fail()
    await rig.act('pause', job)
    await rig.clock.advance(60_000)
    expect(rig.script.runs.length).toBe(1)
    await rig.act('resume', job)
    await rig.script.started(2)
  })

  test('a paused job ends when the last of what runs has', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(1))
    await rig.act('pause', job)
    ;(await rig.script.nth(1)).succeed()
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded' })
  })
})

describe('retry', () => {
  test('runs what failed or was cancelled again, and leaves what succeeded', async () => {
    await using rig = await startEngine({ concurrency: 2 })
    const job = await rig.submit(jobOf(3, { mode: 'all' }))
    const [one, two] = await rig.script.started(2)
    one?.succeed('first')
    two?.fail(false)
    expect(await rig.ended(job)).toMatchObject({ state: 'failed' })

    expect(await rig.act('retry', job)).toMatchObject({ type: 'done', job: { state: 'running' } })
    const again = (await rig.script.started(4)).slice(2)
    expect(again.map(({ context }) => [context.index, context.attempt])).toEqual([
      [1, 2],
      [2, 1],
    ])
    for (const run of again) run.succeed('second')
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded', counts: { succeeded: 3 } })
    expect((await rig.tasks(job)).map(({ output }) => output)).toEqual(['"first"', '"second"', '"second"'])
  })

  test('gives each task all its attempts again', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(1, { defaults: { retry: { attempts: 2, delayMs: 0 } } }))
    for (const count of [1, 2]) (await rig.script.nth(count)).fail()
    expect((await rig.ended(job)).counts.failed).toBe(1)
    await rig.act('retry', job)
    for (const count of [3, 4]) (await rig.script.nth(count)).fail()
    expect((await rig.ended(job)).counts.failed).toBe(1)
    expect(rig.script.runs.length).toBe(4)
    expect((await rig.store.failures(await rig.read(job), 0)).map(({ attempt }) => attempt)).toEqual([
      1, 2, 3, 4,
    ])
  })

  test('is refused when nothing missed', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(tasksOf('echo', 1)))
    await rig.ended(job)
    expect(await rig.act('retry', job)).toMatchObject({ type: 'refused' })
  })
})

describe('delete', () => {
  test('takes an ended job away, and is refused to one that has not ended', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(1))
    const run = await rig.script.nth(1)
    expect(await rig.act('delete', job)).toMatchObject({ type: 'refused' })
    run.succeed()
    await rig.ended(job)
    expect(await rig.act('delete', job)).toMatchObject({ type: 'done' })
    expect(await rig.store.job(job.id)).toBeUndefined()
    expect(await rig.act('delete', job)).toEqual({ type: 'missing' })
    for (let step = 0; step < 3; step += 1) await rig.clock.advance(0)
  })

  test('a job is dropped when it was kept as long as it asked for', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(tasksOf('echo', 1), { keepMs: 60_000 }))
    await rig.ended(job)
    await rig.clock.advance(59_999)
    expect(await rig.store.job(job.id)).toBeDefined()
    await rig.clock.advance(1)
    expect(await rig.store.job(job.id)).toBeUndefined()
  })
})

describe('the timeout of a job', () => {
  test('fails the job when it is over, and cancels what has not ended', async () => {
    await using rig = await startEngine({ concurrency: 2 })
    const job = await rig.submit(jobOf(3, { timeoutMs: 10_000 }))
    const [one, two] = await rig.script.started(2)
    one?.succeed()
    const ended = rig.ended(job)
    await rig.clock.advance(9_999)
    expect((await rig.read(job)).state).toBe('running')
    await rig.clock.advance(1)
    expect(await ended).toMatchObject({
      state: 'failed',
      error: { code: 'timeout' },
      counts: { succeeded: 1, cancelled: 2 },
    })
    expect(two?.context.signal.aborted).toBe(true)
  })

  test('also ends a job that waits for a retry, or is paused', async () => {
    await using rig = await startEngine()
    const waiting = await rig.submit(jobOf(1, { timeoutMs: 100 }))
    const paused = await rig.submit(jobOf(1, { timeoutMs: 100 }))
    const [one, two] = await rig.script.started(2)
    one?.snooze(3_600_000)
    two?.snooze(0)
    await rig.act('pause', paused)
    await rig.clock.advance(100)
    await rig.clock.advance(0)
    for (const job of [waiting, paused])
      expect(await rig.ended(job)).toMatchObject({ state: 'failed', error: { code: 'timeout' } })
  })

  test('does not count once the job has ended', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(tasksOf('echo', 1), { timeoutMs: 100 }))
    await rig.ended(job)
    await rig.clock.advance(1_000)
    expect(await rig.read(job)).toMatchObject({ state: 'succeeded' })
  })
})
