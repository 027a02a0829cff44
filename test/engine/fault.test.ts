import { describe, expect, test } from 'bun:test'
import { Problem } from '../../src/job/errors.ts'
import { StoreFault } from '../../src/store/sqlite/faults.ts'
import { jobOf, startEngine } from '../support/engine.ts'
import { Latch, Probe } from './kit/probe.ts'

/** An engine whose disk is full as long as the test says so. */
const startOnFullDisk = async () => {
  const disk = { full: false, refused: 0 }
  let probe: Probe | undefined
  const rig = await startEngine({
    wrap: (store) => {
      probe = new Probe(store)
      probe.beforeCommit = () => {
        if (!disk.full) return
        disk.refused += 1
        throw new StoreFault('disk_full', new Error('database or disk is full at /var/secret.db'))
      }
      return probe
    },
  })
  if (probe === undefined) throw new Error('The engine did not take the store')
  return { rig, disk, probe }
}

const refusal = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'accepted',
    (error: unknown) => error,
  )

const unavailable = expect.objectContaining({ code: 'unavailable', status: 503 })

describe('when a commit fails', () => {
  test('who waits for it is told that it is not available, and nothing of the reason', async () => {
    const { rig, disk } = await startOnFullDisk()
    await using _ = rig
    const job = await rig.submit(jobOf(1))
    disk.full = true
    const refusals = await Promise.all([
      refusal(rig.engine.submit(jobOf(1))),
      refusal(rig.act('cancel', job)),
    ])
    for (const error of refusals) {
      expect(error).toBeInstanceOf(Problem)
      expect(error).toEqual(unavailable)
      expect(JSON.stringify(error)).not.toContain('secret')
    }
    expect((await rig.store.jobs({ limit: 10 })).data.length).toBe(1)
    disk.full = false
  })

  test('health says why, the log says more, and who comes meanwhile is told at once', async () => {
    const { rig, disk } = await startOnFullDisk()
    await using _ = rig
    disk.full = true
    await refusal(rig.engine.submit(jobOf(1)))
    expect(rig.engine.health()).toEqual({
      ok: false,
      code: 'disk_full',
      reason: 'The database cannot be written: the disk is full.',
      since: rig.clock.now(),
    })
    expect(rig.logs).toContainEqual({
      level: 'error',
      message: 'The database cannot be written: the disk is full.',
      fields: {
        code: 'disk_full',
        advice: expect.stringMatching(/^Free space/),
        error: expect.stringContaining('at /var/secret.db'),
      },
    })
    const { refused } = disk
    expect(await refusal(rig.engine.submit(jobOf(1)))).toEqual(unavailable)
    expect(disk.refused).toBe(refused)
    disk.full = false
  })

  test('it is tried again every half second, and works on without a restart', async () => {
    const { rig, disk } = await startOnFullDisk()
    await using _ = rig
    disk.full = true
    await refusal(rig.engine.submit(jobOf(1)))
    await rig.clock.advance(2_000)
    expect(disk.refused).toBe(5)
    disk.full = false
    await rig.clock.advance(499)
    expect(rig.engine.health().ok).toBe(false)
    await rig.clock.advance(1)
    expect(rig.engine.health()).toEqual({ ok: true })
    const job = await rig.submit(jobOf(1))
    ;(await rig.script.nth(1)).succeed()
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded' })
  })

  test('the ends of attempts are kept, and written exactly once when it works again', async () => {
    const { rig, disk, probe } = await startOnFullDisk()
    await using _ = rig
    const job = await rig.submit(jobOf(4, { concurrency: 3 }))
    const [one, two, three] = await rig.script.started(3)
    disk.full = true
    one?.succeed('one')
    await rig.settle()
    two?.fail(false)
    await rig.clock.advance(700)
    three?.succeed('three')
    await rig.clock.advance(700)
    expect(await rig.read(job)).toMatchObject({ counts: { running: 3 } })

    disk.full = false
    await rig.clock.advance(500)
    ;(await rig.script.nth(4)).succeed('four')
    expect(await rig.ended(job)).toMatchObject({ counts: { succeeded: 3, failed: 1 } })
    expect(rig.script.runs.length).toBe(4)
    const settled = probe.committed.flatMap(({ settled }) => settled)
    expect(settled).toEqual([true, true, true, true])
    expect((await rig.tasks(job)).map(({ output }) => output)).toEqual([
      '"one"',
      undefined,
      '"three"',
      '"four"',
    ])
  })

  test('the ends of attempts are written in the order they came, those that came while it failed last', async () => {
    const { rig, probe } = await startOnFullDisk()
    await using _ = rig
    const job = await rig.submit(jobOf(3, { mode: 'race' }))
    const [one, two, three] = await rig.script.started(3)
    const latch = new Latch()
    probe.beforeCommit = async () => {
      await latch.pass()
      throw new StoreFault('locked', new Error('database is locked'))
    }
    two?.succeed()
    await latch.reached
    one?.fail(false)
    three?.fail(false)
    await rig.settle()
    latch.open()
    await rig.settle()
    probe.beforeCommit = () => {}
    await rig.clock.advance(500)
    expect(await rig.ended(job)).toMatchObject({ state: 'succeeded', decidedBy: 1 })
  })

  test('what the failed commit would have claimed is claimed by the next', async () => {
    const { rig, disk } = await startOnFullDisk()
    await using _ = rig
    await rig.submit(jobOf(1))
    const run = await rig.script.nth(1)
    disk.full = true
    run.fail()
    await rig.clock.advance(10_000)
    expect(rig.script.runs.length).toBe(1)
    disk.full = false
    await rig.clock.advance(500)
    expect(rig.script.runs.map(({ context }) => context.attempt)).toEqual([1, 2])
  })

  test('a stop tries once more, and does not wait for ever', async () => {
    const { rig, disk } = await startOnFullDisk()
    await using _ = rig
    const job = await rig.submit(jobOf(1))
    const run = await rig.script.nth(1)
    disk.full = true
    run.succeed()
    await rig.settle()
    const { refused } = disk
    await rig.stop()
    expect(disk.refused).toBeGreaterThan(refused)
    expect(rig.clock.pending).toBe(0)

    // As after a crash: what was not written is rescued, and runs again.
    await using next = await startEngine({ store: rig.store, clock: rig.clock })
    ;(await next.script.nth(1)).succeed()
    expect(await next.ended(job)).toMatchObject({ state: 'succeeded' })
  })

  test('a stop that finds the disk writable again writes what was kept', async () => {
    const { rig, disk } = await startOnFullDisk()
    await using _ = rig
    const job = await rig.submit(jobOf(1))
    const run = await rig.script.nth(1)
    disk.full = true
    run.succeed('kept')
    await rig.settle()
    disk.full = false
    await rig.stop()
    expect(await rig.tasks(job)).toMatchObject([{ state: 'succeeded', output: '"kept"' }])
  })
})
