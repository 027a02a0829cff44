import { describe, expect, test } from 'bun:test'
import type { Batch } from '../../src/store/store.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { around, empty, endAll, holding, newYear, skipOf, startSchedules } from './kit/schedules.ts'

const minute = 60_000
const hour = 3_600_000
const day = 86_400_000

describe('a schedule', () => {
  test('makes a job at each of its ticks', async () => {
    await using rig = await startSchedules()
    const schedule = await rig.put('s')
    expect(schedule).toMatchObject({
      id: 's',
      nextAt: newYear + 10_000,
      lastAt: undefined,
      lastJob: undefined,
    })
    await rig.clock.advance(9_999)
    expect(await rig.jobsOf('s')).toEqual([])
    await rig.clock.advance(20_001)
    expect(await rig.timesOf('s')).toEqual([10_000, 20_000, 30_000])
    const [, , last] = await rig.jobsOf('s')
    expect(await rig.schedule('s')).toMatchObject({
      nextAt: newYear + 40_000,
      lastAt: newYear + 30_000,
      lastJob: last?.id,
      lastSkip: undefined,
    })
  })

  test('makes the whole job that it was told', async () => {
    await using rig = await startSchedules()
    const job = { ...holding, name: 'nap', mode: 'all', labels: { team: 'a' }, concurrency: 3 }
    await rig.put('s', { job })
    await rig.clock.advance(10_000)
    expect(await rig.jobsOf('s')).toMatchObject([
      {
        schedule: 's',
        name: 'nap',
        rule: { mode: 'all' },
        labels: { team: 'a' },
        concurrency: 3,
        state: 'running',
      },
    ])
    endAll(rig.runs)
  })

  test('ticks by the clock of its time zone, once on a day that has its hour not at all or twice', async () => {
    await using rig = await startSchedules({ clock: fakeClock(Date.UTC(2027, 2, 27, 12)) })
    await rig.put('s', { cron: '30 2 * * *', timeZone: 'Europe/Berlin' })
    await rig.clock.advance(2 * day)
    const springs = await rig.jobsOf('s')
    expect(springs.map(({ createdAt }) => new Date(createdAt).toISOString())).toEqual([
      '2027-03-28T01:00:00.000Z',
      '2027-03-29T00:30:00.000Z',
    ])
    await rig.engine.schedules.pause('s')
    await rig.clock.advance(Date.UTC(2027, 9, 30, 12) - rig.clock.now())
    await rig.engine.schedules.resume('s')
    await rig.clock.advance(2 * day)
    const autumns = (await rig.jobsOf('s')).slice(2)
    expect(autumns.map(({ createdAt }) => new Date(createdAt).toISOString())).toEqual([
      '2027-10-31T00:30:00.000Z',
      '2027-11-01T01:30:00.000Z',
    ])
  })

  test('whose expression matches no more makes no more jobs, and keeps no timer', async () => {
    await using rig = await startSchedules()
    await rig.put('s', { cron: '0 0 0 2 1 * 2027' })
    await rig.clock.advance(3 * day)
    expect(await rig.timesOf('s')).toEqual([day])
    expect((await rig.schedule('s')).nextAt).toBeUndefined()
    expect(rig.clock.pending).toBe(0)
  })

  test('that stands far ahead is kept by a timer that looks at the clock again, as the clock may be set', async () => {
    await using rig = await startSchedules()
    let ahead = 0
    const { now } = rig.clock
    rig.clock.now = () => now() + ahead
    await rig.put('s', { cron: '0 0 1 2 *' })
    ahead = 31 * day
    await rig.clock.advance(minute)
    expect(await rig.jobsOf('s')).toHaveLength(1)
  })
})

describe('many schedules', () => {
  test('have one timer, and share the commits of a moment', async () => {
    const batches: Batch[] = []
    await using rig = await startSchedules({
      wrap: (store) =>
        around(store, (batch, commit) => {
          batches.push(batch)
          return commit()
        }),
    })
    const ids = Array.from({ length: 250 }, (_, number) => `s${number}`)
    await Promise.all(ids.map((id) => rig.put(id)))
    await rig.settle()
    expect(rig.clock.pending).toBe(1)
    batches.length = 0
    await rig.clock.advance(10_000)
    const made = batches.map(({ submissions }) => submissions.length).filter((count) => count > 0)
    expect(made).toEqual([100, 100, 50])
    for (const id of ids) expect(await rig.timesOf(id)).toEqual([10_000])
  })

  test('come to their ticks in time, whichever was put last', async () => {
    await using rig = await startSchedules()
    await rig.put('late', { cron: '0 1 * * *' })
    await rig.put('soon', { cron: '*/5 * * * * *' })
    await rig.clock.advance(5_000)
    expect(await rig.timesOf('soon')).toEqual([5_000])
    await rig.engine.schedules.remove('soon')
    await rig.clock.advance(hour)
    expect(await rig.timesOf('soon')).toEqual([5_000])
    expect(await rig.timesOf('late')).toEqual([hour])
  })
})

describe('while the job before has not ended', () => {
  test('a tick makes another, unless it is told otherwise', async () => {
    await using rig = await startSchedules()
    await rig.put('s', { job: holding })
    await rig.clock.advance(30_000)
    expect((await rig.jobsOf('s')).map(({ state }) => state)).toEqual(['running', 'running', 'running'])
    endAll(rig.runs)
  })

  test('a tick makes none with "skip", and says so; the first one after its end makes one', async () => {
    await using rig = await startSchedules()
    await rig.put('s', { job: holding, overlap: 'skip' })
    await rig.clock.advance(10_000)
    const [first] = await rig.jobsOf('s')
    await rig.clock.advance(20_000)
    const schedule = await rig.schedule('s')
    expect(schedule).toMatchObject({ lastJob: first?.id, lastAt: newYear + 30_000, nextAt: newYear + 40_000 })
    expect(skipOf(schedule)).toEqual({ code: 'overlap', message: `Job ${first?.id} had not ended.` })
    endAll(rig.runs)
    await rig.clock.advance(10_000)
    expect(await rig.timesOf('s')).toEqual([10_000, 40_000])
    expect(skipOf(await rig.schedule('s'))).toBeUndefined()
    endAll(rig.runs)
  })

  test('a tick takes its place with "replace": that is cancelled in the commit that makes the new one', async () => {
    const batches: Batch[] = []
    await using rig = await startSchedules({
      wrap: (store) =>
        around(store, (batch, commit) => {
          if (batch.submissions.length > 0) batches.push(batch)
          return commit()
        }),
    })
    await rig.put('s', { job: holding, overlap: 'replace' })
    await rig.clock.advance(20_000)
    const [first, second] = await rig.jobsOf('s')
    expect(first).toMatchObject({ state: 'cancelled', outcome: 'cancelled' })
    expect(second?.state).toBe('running')
    expect(batches.map(({ actions }) => actions)).toEqual([[], [{ type: 'cancel', job: first?.id ?? '' }]])
    endAll(rig.runs)
  })

  test('one that is paused, or that was made out of turn, counts; one that was deleted does not', async () => {
    await using rig = await startSchedules()
    await rig.put('s', { job: holding, overlap: 'skip' })
    const run = await rig.engine.schedules.run('s')
    const id = run?.submitted.type === 'created' ? run.submitted.job.id : ''
    await rig.act('pause', { id })
    await rig.clock.advance(10_000)
    expect(skipOf(await rig.schedule('s'))?.code).toBe('overlap')
    await rig.act('cancel', { id })
    await rig.settle()
    await rig.act('delete', { id })
    await rig.clock.advance(10_000)
    expect(await rig.timesOf('s')).toEqual([20_000])
    endAll(rig.runs)
  })
})

describe('a schedule that is run by hand', () => {
  test('makes a job at once, and its ticks stay as they are', async () => {
    await using rig = await startSchedules()
    await rig.put('s')
    await rig.clock.advance(4_000)
    const run = await rig.engine.schedules.run('s')
    expect(run?.submitted).toMatchObject({ type: 'created', job: { schedule: 's' } })
    const [job] = await rig.jobsOf('s')
    expect(await rig.schedule('s')).toMatchObject({
      nextAt: newYear + 10_000,
      lastAt: newYear + 4_000,
      lastJob: job?.id,
    })
    await rig.clock.advance(6_000)
    expect(await rig.timesOf('s')).toEqual([4_000, 10_000])
  })

  test('makes one although it is paused, or the job before has not ended', async () => {
    await using rig = await startSchedules()
    await rig.put('s', { job: holding, overlap: 'skip', paused: true })
    await rig.engine.schedules.run('s')
    await rig.engine.schedules.run('s')
    expect(await rig.jobsOf('s')).toHaveLength(2)
    await rig.settle()
    endAll(rig.runs)
  })

  test('is not found if it is not there', async () => {
    await using rig = await startSchedules()
    expect(await rig.engine.schedules.run('none')).toBeUndefined()
  })
})

describe('an engine that stops', () => {
  test('comes to no further tick, and takes no schedule', async () => {
    await using rig = await startSchedules()
    await rig.put('s')
    await rig.stop()
    expect(rig.clock.pending).toBe(0)
    await rig.clock.advance(hour)
    expect(await rig.jobsOf('s')).toEqual([])
    await expect(rig.put('t')).rejects.toMatchObject({ code: 'unavailable' })
    await expect(rig.engine.schedules.run('s')).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('has a job that a tick is about to make either whole or not at all', async () => {
    await using rig = await startSchedules({ start: false })
    await rig.engine.start()
    await rig.put('s', { job: empty })
    await Promise.all([rig.clock.advance(10_000), rig.stop()])
    const jobs = await rig.jobsOf('s')
    const { lastJob } = await rig.schedule('s')
    expect(jobs.map(({ id }) => id)).toEqual(lastJob === undefined ? [] : [lastJob])
  })
})
