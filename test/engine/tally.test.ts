import { describe, expect, test } from 'bun:test'
import { Vitals } from '../../src/engine/health/vitals.ts'
import { beatMs, Watch } from '../../src/engine/health/watch.ts'
import { AttemptTally } from '../../src/engine/tally/attempts.ts'
import { Histogram } from '../../src/engine/tally/histogram.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { AttemptResult, Settlement } from '../../src/store/store.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { jobOf, startEngine, tasksOf } from '../support/engine.ts'
import { temporaryFolder } from '../support/folder.ts'
import { newJob } from '../support/jobs.ts'
import { Probe } from './kit/probe.ts'

const countOf = ({ counts }: Histogram) => counts.reduce((sum, count) => sum + count, 0)

describe('a histogram', () => {
  test('counts a value in the first bound that it does not pass', () => {
    const histogram = new Histogram([1, 10])
    for (const value of [0, 1, 1.5, 10, 10.5, 1_000]) histogram.add(value)
    expect([...histogram.counts]).toEqual([2, 2, 2])
    expect(histogram.sum).toBe(1_023)
  })
})

describe('the tally of an engine', () => {
  test('has an attempt by its result once it has ended; until then it runs', async () => {
    await using rig = await startEngine()
    await rig.submit(jobOf(2))
    const [one, two] = await rig.script.started(2)
    const script = rig.engine.tally.attempts.kinds.get('script')
    expect(rig.engine.occupancy().running).toEqual({ script: 2, echo: 0, echoLater: 0 })
    await rig.clock.advance(40)
    one?.succeed()
    two?.snooze(86_400_000)
    await rig.settle()
    expect(script).toMatchObject({
      results: { succeeded: 1, snooze: 1 },
      ended: { succeeded: 1 },
    })
    expect(rig.engine.occupancy().running).toMatchObject({ script: 0 })
    expect(script?.durations.sum).toBe(80)
  })

  test('has what is given back at a stop as released, not as ended', async () => {
    const rig = await startEngine({ graceMs: 0 })
    await rig.submit(jobOf(3))
    await rig.script.started(3)
    await rig[Symbol.asyncDispose]()
    const script = rig.engine.tally.attempts.kinds.get('script')
    expect(script).toMatchObject({ results: { release: 3 }, ended: { cancelled: 0 } })
  })

  test('takes no end for one that was no longer to be settled', () => {
    const tally = new AttemptTally(['http'])
    const settlement = (type: AttemptResult['type']) => ({ claim: { kind: 'http' }, result: { type } })
    const settlements = [settlement('succeeded'), settlement('succeeded'), settlement('retry')]
    tally.settled(settlements as Settlement[], [false, true, true])
    expect(tally.kinds.get('http')?.ended).toEqual({ succeeded: 1, failed: 0, cancelled: 0 })
  })

  test('counts tasks that are added, and a job that is sealed later once', async () => {
    await using rig = await startEngine()
    const open = newJob({ tasks: tasksOf('echo', 2), sealTimeoutMs: 1_000 })
    await rig.submit(open)
    const addition = { job: open.id, from: undefined, seal: false }
    await rig.engine.add({ ...addition, tasks: tasksOf('echo', 3) })
    await rig.engine.add({ ...addition, tasks: [], seal: true })
    await rig.ended(open)
    const { commits } = rig.engine.tally
    expect(commits.tasksSubmitted).toBe(5)
    expect(commits.jobsEnded).toEqual({ succeeded: 1, failed: 0, cancelled: 0 })
  })

  test('counts a job that is run again and ends again', async () => {
    await using rig = await startEngine()
    const job = await rig.submit(jobOf(1))
    ;(await rig.script.nth(1)).fail(false)
    await rig.ended(job)
    await rig.act('retry', job)
    ;(await rig.script.nth(2)).succeed()
    await rig.ended(job)
    expect(rig.engine.tally.commits.jobsEnded.succeeded).toBe(2)
  })

  test('counts commits that failed apart from those that are on disk', async () => {
    let full = false
    await using rig = await startEngine({
      wrap: (store) => {
        const probe = new Probe(store)
        probe.beforeCommit = () => {
          if (full) throw new Error('disk full')
        }
        return probe
      },
    })
    await rig.settle()
    const { commits } = rig.engine.tally
    const before = countOf(commits.durations)
    full = true
    const refused = rig.engine.submit(jobOf(1)).catch(() => 'refused')
    await rig.settle()
    full = false
    await rig.clock.advance(1_000)
    expect(await refused).toBe('refused')
    expect(commits.failed).toBeGreaterThan(0)
    expect(commits.jobsSubmitted).toBe(0)
    expect(countOf(commits.sizes)).toBe(countOf(commits.durations))
    expect(countOf(commits.durations)).toBeGreaterThan(before)
  })

  test('counts what was rescued at the start', async () => {
    using folder = temporaryFolder()
    const file = folder.file('sheaf.db')
    const first = openSqlite({ file })
    const dead = await startEngine({ store: first })
    await dead.submit(jobOf(3))
    await dead.script.started(3)
    await first.close()
    const store = openSqlite({ file })
    {
      await using rig = await startEngine({ store })
      expect(rig.engine.tally.commits.tasksRescued).toBe(3)
    }
    await store.close()
  })
})

test('the event loop is late by what passes beyond a beat', async () => {
  const clock = fakeClock()
  const late: number[] = []
  const store = { inspect: async () => undefined }
  let stoodStill = 0
  const elapsed = () => clock.now() + stoodStill
  const watch = new Watch({
    clock: { ...clock, elapsed, wall: elapsed },
    vitals: new Vitals({ clock }),
    store,
    late: (ms) => late.push(ms),
  })
  watch.start()
  await clock.advance(beatMs)
  stoodStill = 70
  await clock.advance(beatMs)
  expect(late).toEqual([0, 70])
  await watch.stop()
})
