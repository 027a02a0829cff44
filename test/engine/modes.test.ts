import { describe, expect, test } from 'bun:test'
import { modes } from '../../src/job/modes.ts'
import { jobOf, type Rig, startEngine, tasksOf } from '../support/engine.ts'

const statesOf = async (rig: Rig, job: { id: string }) => (await rig.tasks(job)).map(({ state }) => state)

describe('gathering', () => {
  test('all succeeds when every task has', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(3, { mode: 'all' }))
    for (const run of await rig.script.started(3)) run.succeed()
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded', outcome: 'succeeded' })
    expect((await rig.tasks(job)).map(({ output }) => output)).toEqual(['0', '1', '2'])
  })

  test('all fails with the first task that fails for good: what runs is aborted, what waits never runs', async () => {
    await using rig = await startEngine({ concurrency: 3 })
    const job = await rig.submit(jobOf(5, { mode: 'all' }))
    const [one, two, three] = await rig.script.started(3)
    one?.succeed()
    await rig.settle()
    two?.fail(false)
    const ended = await rig.ended(job)
    expect(ended).toMatchObject({ state: 'failed', decidedBy: 1, error: { code: 'task_failed' } })
    expect(three?.context.signal.aborted).toBe(true)
    expect(await statesOf(rig, job)).toEqual(['succeeded', 'failed', 'cancelled', 'cancelled', 'cancelled'])
    // The slot that the first task left was taken by the fourth, before anything had failed.
    expect(rig.script.runs.length).toBe(4)
  })

  test('all waits for the retry of a task before it fails', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(2, { mode: 'all' }))
    const [one, two] = await rig.script.started(2)
    one?.fail()
    await rig.settle()
    expect((await rig.read(job)).outcome).toBeUndefined()
    await rig.clock.advance(500)
    ;(await rig.script.nth(3)).succeed()
    two?.succeed()
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded' })
  })

  test('all tolerates as many failures as it was told to', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(4, { mode: 'all', tolerate: '25%' }))
    const [one, ...others] = await rig.script.started(4)
    one?.fail(false)
    for (const run of others) run.succeed()
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded', counts: { failed: 1, succeeded: 3 } })
  })

  test('allSettled waits for every task, and succeeds', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(3, { mode: 'allSettled' }))
    const [one, two, three] = await rig.script.started(3)
    one?.fail(false)
    two?.succeed()
    await rig.settle()
    expect((await rig.read(job)).state).toBe('running')
    three?.fail(false)
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded', counts: { failed: 2, succeeded: 1 } })
  })

  test('any succeeds with its quorum, and cancels the rest', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(5, { mode: 'any', quorum: 2 }))
    const [one, two, three, four] = await rig.script.started(5)
    one?.fail(false)
    two?.succeed()
    await rig.settle()
    four?.succeed()
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded', decidedBy: 3 })
    expect(await statesOf(rig, job)).toEqual(['failed', 'succeeded', 'cancelled', 'succeeded', 'cancelled'])
    expect(three?.context.signal.aborted).toBe(true)
  })

  test('any fails when its quorum can no longer be', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(2, { mode: 'any' }))
    for (const run of await rig.script.started(2)) run.fail(false)
    expect(await rig.ended(job)).toMatchObject({ state: 'failed', error: { code: 'too_few_succeeded' } })
  })

  test('race is decided by the first task to end, whichever way', async () => {
    await using rig = await startEngine()
    for (const [end, state] of [
      ['succeed', 'succeeded'],
      ['fail', 'failed'],
    ] as const) {
      const runsBefore = rig.script.runs.length
      const job = await rig.submit(jobOf(3, { mode: 'race' }))
      const runs = (await rig.script.started(runsBefore + 3)).slice(runsBefore)
      if (end === 'succeed') runs[2]?.succeed()
      else runs[2]?.fail(false)
      expect(await rig.ended(job)).toMatchObject({ state, outcome: state, decidedBy: 2 })
      expect(runs.slice(0, 2).every(({ context }) => context.signal.aborted)).toBe(true)
    }
  })

  test('tasks that end in one turn are gathered in the order they ended', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(3, { mode: 'race' }))
    const [one, two, three] = await rig.script.started(3)
    two?.succeed()
    three?.fail(false)
    one?.fail(false)
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded', decidedBy: 1 })
    expect(await statesOf(rig, job)).toEqual(['failed', 'succeeded', 'failed'])
  })

  test('a job of no tasks ends with its submission', async () => {
    await using rig = await startEngine()
    const states = await Promise.all(
      modes
        .filter((mode) => mode !== 'race')
        .map(async (mode) => [mode, (await rig.submit(jobOf(0, { mode }))).state]),
    )
    expect(states).toEqual([
      ['all', 'succeeded'],
      ['allSettled', 'succeeded'],
      ['any', 'failed'],
    ])
  })

  test('a stopping job of 10,000 waiting tasks is cancelled in steps, while other jobs go on', async () => {
    await using rig = await startEngine({ concurrency: 2 })
    const large = await rig.submit(jobOf(10_000, { mode: 'all' }))
    const [one] = await rig.script.started(2)
    one?.fail(false)
    const other = await rig.ended(await rig.submit(jobOf(tasksOf('echo', 3))))
    expect(other.state).toBe('succeeded')
    const { state, outcome, counts } = await rig.read(large)
    expect([state, outcome]).toEqual(['stopping', 'failed'])
    expect(counts.queued).toBeGreaterThan(0)
    const ended = rig.ended(large)
    await rig.settle()
    expect((await ended).counts).toMatchObject({ failed: 1, cancelled: 9_999, running: 0, queued: 0 })
  })
})
