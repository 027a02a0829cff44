import { describe, expect, test } from 'bun:test'
import { viewSchedule } from '../../src/engine/schedules/view.ts'
import { Problem } from '../../src/job/errors.ts'
import { longestScheduledJob, type ScheduleSpec } from '../../src/job/schedule.ts'
import { ScheduleShape } from '../../src/kinds/schedule.ts'
import { newSchedule } from '../support/schedules.ts'
import { parseAs } from './kit/fold.ts'
import { empty, endAll, holding, newYear, type SchedulesRig, startSchedules } from './kit/schedules.ts'

const errorsOf = async (rig: SchedulesRig, spec: Partial<ScheduleSpec>) => {
  const error = await rig.put('s', spec).catch((reason: unknown) => reason)
  if (!(error instanceof Problem)) throw new Error('It was taken')
  expect(error.code).toBe('invalid')
  return error.extensions.errors
}

describe('a schedule that is put', () => {
  test('has the defaults of what it does not say', async () => {
    await using rig = await startSchedules()
    expect(await rig.put('s', { cron: '0 12 * * *' })).toEqual({
      ...newSchedule({ id: 's', cron: '0 12 * * *' }),
      nextAt: newYear + 12 * 3_600_000,
      createdAt: newYear,
      updatedAt: newYear,
    })
  })

  test('is refused with all that is wrong with it, its job too', async () => {
    await using rig = await startSchedules()
    const job = { tasks: [{ kind: 'sleep', ms: -5 }], mode: 'al' }
    expect(await errorsOf(rig, { cron: '61 * * * *', timeZone: 'Mars', job })).toMatchObject([
      { field: 'cron', message: expect.stringContaining('Invalid value for minute: 61.') },
      { field: 'timeZone', message: expect.stringContaining('got "Mars".') },
      { field: 'job.mode', message: expect.stringContaining('Expected "job.mode" to be one of') },
      { field: 'job.tasks[0].ms', message: expect.stringContaining('Expected "job.tasks[0].ms"') },
    ])
    expect(await errorsOf(rig, { job: [] })).toMatchObject([{ field: 'job' }])
    expect(await errorsOf(rig, { job: { tasks: [{ kind: 'call', handler: 'none' }] } })).toMatchObject([
      { field: 'job.tasks[0].handler' },
    ])
    expect(await rig.store.schedule('s')).toBeUndefined()
  })

  test('is refused with a job that is too long to be kept', async () => {
    await using rig = await startSchedules()
    const tasks = { items: ['x'.repeat(longestScheduledJob)], task: { kind: 'sleep', ms: 1 } }
    expect(await errorsOf(rig, { job: { each: tasks } })).toMatchObject([
      {
        field: 'job',
        message: expect.stringMatching(/^Expected "job" to be at most 262144 bytes of JSON, got 262\d{3}\.$/),
      },
    ])
  })

  test('again does from now on what it is told, and keeps what it has done', async () => {
    await using rig = await startSchedules()
    await rig.put('s')
    await rig.clock.advance(15_000)
    const before = await rig.schedule('s')
    const { schedule, created } = await rig.engine.schedules.put('s', {
      cron: '*/10 * * * * *',
      name: 'named',
      job: holding,
    })
    expect(created).toBe(false)
    expect(schedule).toEqual({
      ...before,
      name: 'named',
      job: JSON.stringify(holding),
      updatedAt: newYear + 15_000,
    })
    await rig.clock.advance(5_000)
    expect((await rig.jobsOf('s')).map(({ counts }) => counts.total)).toEqual([0, 1])
    endAll(rig.runs)
  })

  test('again with another expression or time zone ticks by that', async () => {
    await using rig = await startSchedules()
    await rig.put('s', { cron: '0 12 * * *' })
    expect(await rig.put('s', { cron: '0 13 * * *' })).toMatchObject({ nextAt: newYear + 13 * 3_600_000 })
    expect(await rig.put('s', { cron: '0 13 * * *', timeZone: 'Asia/Tokyo' })).toMatchObject({
      nextAt: newYear + 4 * 3_600_000,
    })
  })

  test('stays paused when it is put again, unless that says otherwise', async () => {
    await using rig = await startSchedules()
    expect(await rig.put('s', { paused: true })).toMatchObject({ pausedAt: newYear, nextAt: undefined })
    await rig.clock.advance(5_000)
    expect(await rig.put('s', { name: 'a' })).toMatchObject({
      name: 'a',
      pausedAt: newYear,
      nextAt: undefined,
    })
    expect(await rig.put('s', { paused: true })).toMatchObject({ pausedAt: newYear })
    expect(await rig.put('s', { paused: false })).toMatchObject({
      pausedAt: undefined,
      nextAt: newYear + 10_000,
    })
    expect(await rig.put('s', { name: 'b' })).toMatchObject({ pausedAt: undefined })
  })

  test('by several at once is created once, and the last one to be written holds', async () => {
    await using rig = await startSchedules()
    const names = ['a', 'b', 'c', 'd', 'e']
    const put = await Promise.all(
      names.map((name) => rig.engine.schedules.put('s', { cron: '* * * * *', name, job: empty })),
    )
    expect(put.filter(({ created }) => created)).toHaveLength(1)
    const { updatedAt } = await rig.schedule('s')
    expect(updatedAt).toBe(newYear + names.length - 1)
  })
})

describe('a schedule that is paused', () => {
  test('makes no jobs; once it is resumed it goes on with the next tick, and has missed none', async () => {
    await using rig = await startSchedules()
    await rig.put('s', { missed: 'once' })
    await rig.clock.advance(15_000)
    expect(await rig.engine.schedules.pause('s')).toMatchObject({
      pausedAt: newYear + 15_000,
      nextAt: undefined,
    })
    await rig.clock.advance(600_000)
    expect(await rig.engine.schedules.resume('s')).toMatchObject({
      pausedAt: undefined,
      nextAt: newYear + 620_000,
    })
    await rig.clock.advance(10_000)
    expect(await rig.timesOf('s')).toEqual([10_000, 620_000])
    expect((await rig.schedule('s')).lastSkip).toBeUndefined()
  })

  test('is paused and resumed again without complaint, and without a change', async () => {
    await using rig = await startSchedules()
    const running = await rig.put('s')
    expect(await rig.engine.schedules.resume('s')).toEqual(running)
    const paused = await rig.engine.schedules.pause('s')
    await rig.clock.advance(1_000)
    expect(await rig.engine.schedules.pause('s')).toEqual(paused)
  })

  test('is not found if it is not there', async () => {
    await using rig = await startSchedules()
    expect(await rig.engine.schedules.pause('none')).toBeUndefined()
    expect(await rig.engine.schedules.resume('none')).toBeUndefined()
  })
})

test('a schedule that is removed makes no more jobs, and those that it made stay', async () => {
  await using rig = await startSchedules()
  await rig.put('s')
  await rig.clock.advance(10_000)
  expect(await rig.engine.schedules.remove('s')).toBe(true)
  expect(await rig.engine.schedules.remove('s')).toBe(false)
  await rig.clock.advance(60_000)
  expect(await rig.timesOf('s')).toEqual([10_000])
  expect(rig.clock.pending).toBe(0)
})

describe('a schedule as the world sees it', () => {
  const view = (fields: Parameters<typeof newSchedule>[0]) =>
    parseAs(ScheduleShape, JSON.stringify(viewSchedule(newSchedule(fields))))

  test('has every field of its schema when nothing has happened yet', () => {
    expect(view({ id: 's', nextAt: newYear })).toEqual({
      id: 's',
      cron: '* * * * *',
      timeZone: 'UTC',
      missed: 'skip',
      overlap: 'allow',
      job: { tasks: [] },
      nextAt: '2027-01-01T00:00:00.000Z',
      upcoming: [0, 1, 2, 3, 4].map((minute) => `2027-01-01T00:0${minute}:00.000Z`),
      createdAt: '1970-01-01T00:00:01.000Z',
      updatedAt: '1970-01-01T00:00:01.000Z',
    })
  })

  test('says what has happened', () => {
    const skip = { code: 'overlap', message: 'why' } as const
    const lastJob = '01990000-0000-7000-8000-000000000000'
    expect(
      view({ name: 'n', pausedAt: newYear, lastAt: newYear, lastJob, lastSkip: JSON.stringify(skip) }),
    ).toMatchObject({
      name: 'n',
      pausedAt: '2027-01-01T00:00:00.000Z',
      nextAt: null,
      upcoming: [],
      lastAt: '2027-01-01T00:00:00.000Z',
      lastJob,
      lastSkip: skip,
    })
  })

  test('shows fewer ticks where there are no more', () => {
    expect(view({ cron: '0 0 0 1 1 * 2027', nextAt: newYear }).upcoming).toEqual(['2027-01-01T00:00:00.000Z'])
  })
})
