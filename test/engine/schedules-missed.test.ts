import { describe, expect, test } from 'bun:test'
import type { ScheduleSpec } from '../../src/job/schedule.ts'
import { createKinds } from '../../src/kinds/kinds.ts'
import { StoreFault } from '../../src/store/sqlite/faults.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Store } from '../../src/store/store.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { newSchedule } from '../support/schedules.ts'
import {
  around,
  empty,
  endAll,
  expectOneEach,
  holding,
  newYear,
  reading,
  skipOf,
  startSchedules,
} from './kit/schedules.ts'

const second = 1_000
const minute = 60_000
const hour = 3_600_000

/** Puts a schedule of one tick an hour there at the new year, and has nobody there from then on until so long after. */
const sleepThrough = async (ms: number, spec: Partial<ScheduleSpec> = {}) => {
  const store = openSqlite({ file: ':memory:' })
  const clock = fakeClock(newYear)
  {
    await using rig = await startSchedules({ store, clock })
    await rig.put('s', { cron: '0 * * * *', ...spec })
  }
  await clock.advance(newYear + ms - clock.now())
  return { store, clock }
}

describe('a tick that passed while nobody was there', () => {
  test('makes no job when it is more than a minute ago, and the schedule says so', async () => {
    const { store, clock } = await sleepThrough(3 * hour + 2 * minute)
    await using rig = await startSchedules({ store, clock })
    await rig.settle()
    const schedule = await rig.schedule('s')
    expect(await rig.jobsOf('s')).toEqual([])
    expect(schedule).toMatchObject({ lastAt: clock.now(), lastJob: undefined, nextAt: newYear + 4 * hour })
    expect(skipOf(schedule)).toEqual({
      code: 'missed',
      message: 'Nobody was there at 2027-01-01T01:00:00.000Z, nor until 2027-01-01T03:02:00.000Z.',
    })
    expect(rig.logs).toMatchObject([
      { level: 'warn', message: 'A schedule made no job', fields: { code: 'missed' } },
    ])
    await rig.clock.advance(hour)
    expect(await rig.timesOf('s')).toEqual([4 * hour])
  })

  test('makes one job for all of them with "once", at once', async () => {
    const { store, clock } = await sleepThrough(3 * hour + 2 * minute, { missed: 'once' })
    await using rig = await startSchedules({ store, clock })
    await rig.clock.advance(hour)
    expect(await rig.timesOf('s')).toEqual([3 * hour + 2 * minute, 4 * hour])
    expect(skipOf(await rig.schedule('s'))).toBeUndefined()
  })

  test.each(['skip', 'once'] as const)(
    'makes one, whatever the policy (%s), within a minute',
    async (missed) => {
      const { store, clock } = await sleepThrough(3 * hour + minute, { missed })
      await using rig = await startSchedules({ store, clock })
      await rig.settle()
      expect(await rig.timesOf('s')).toEqual([3 * hour + minute])
    },
  )

  test('counts for nothing where a later one is in time', async () => {
    const { store, clock } = await sleepThrough(hour + 15 * second, { cron: '*/10 * * * * *' })
    await using rig = await startSchedules({ store, clock })
    await rig.clock.advance(5 * second)
    expect(await rig.timesOf('s')).toEqual([hour + 15 * second, hour + 20 * second])
  })

  test('takes no longer after a year, were there one a second', async () => {
    const { store, clock } = await sleepThrough(366 * 24 * hour, { cron: '* * * * * *', missed: 'once' })
    await using rig = await startSchedules({ store, clock })
    await rig.settle()
    expect(await rig.timesOf('s')).toEqual([366 * 24 * hour])
  })
})

describe('a tick makes no second job', () => {
  /** Fails the commits that a tick takes part in as long as it has failures left. */
  const failing = (failures: number, when: 'before' | 'after') => {
    const left = { failures }
    const wrap = (store: Store) =>
      around(store, async (batch, commit) => {
        const fails = batch.submissions.some(({ tick }) => tick) && left.failures > 0
        if (fails) left.failures -= 1
        if (fails && when === 'before') throw new StoreFault('disk_full', new Error('disk full'))
        const committed = await commit()
        if (fails) throw new Error('connection lost')
        return committed
      })
    return { left, wrap }
  }

  test('when its commit failed: it is made as soon as the disk takes it', async () => {
    const { left, wrap } = failing(2, 'before')
    await using rig = await startSchedules({ wrap })
    await rig.put('s', { cron: '*/30 * * * * *' })
    await rig.clock.advance(59 * second)
    expect(left.failures).toBe(0)
    expect(await rig.timesOf('s')).toEqual([40 * second])
    expect(rig.logs.map(({ message }) => message)).toContain(
      'Schedules wait, as nothing can be read or written',
    )
  })

  test('when its commit is on disk and nobody was told', async () => {
    const { left, wrap } = failing(3, 'after')
    await using rig = await startSchedules({ wrap })
    await rig.put('s')
    await rig.clock.advance(minute)
    expect(left.failures).toBe(0)
    expect(await rig.timesOf('s')).toEqual([10, 20, 30, 40, 50, 60].map((at) => at * second))
  })

  test.each([
    ['before it is on disk', 0],
    ['after', 1],
  ])('when the process dies with it, %s', async (_, made) => {
    const store = openSqlite({ file: ':memory:' })
    const clock = fakeClock(newYear)
    let dead = false
    // Dead, nothing that it wants is done, and nothing that was done is told.
    const wrap = (kept: Store) =>
      around(kept, async (batch, commit) => {
        const dies = batch.submissions.some(({ tick }) => tick)
        if (!dead && (!dies || made > 0)) {
          const committed = await commit()
          if (!dies) return committed
        }
        dead = true
        throw new Error('dead')
      })
    {
      await using first = await startSchedules({ store, clock, wrap })
      await first.put('s')
      await clock.advance(10 * second)
      expect(await first.jobsOf('s')).toHaveLength(made)
    }
    await using rig = await startSchedules({ store, clock })
    await clock.advance(newYear + 29 * second - clock.now())
    const times = await rig.timesOf('s')
    expect(times).toEqual(made > 0 ? [10 * second, 20 * second] : [15 * second, 20 * second])
    expectOneEach(times, 10 * second)
  })

  test('when two engines are on one store', async () => {
    const store = openSqlite({ file: ':memory:' })
    const clock = fakeClock(newYear)
    await using one = await startSchedules({ store, clock })
    await using other = await startSchedules({ store, clock })
    await one.put('a')
    await other.put('b', { cron: '*/15 * * * * *' })
    await clock.advance(2 * minute)
    expect(await one.timesOf('a')).toEqual(Array.from({ length: 12 }, (_, at) => (at + 1) * 10 * second))
    expect(await one.timesOf('b')).toEqual(Array.from({ length: 8 }, (_, at) => (at + 1) * 15 * second))
    await Promise.all([one.stop(), other.stop()])
  })

  test('when two come to it at the same time', async () => {
    await using rig = await startSchedules({
      // As if another engine had read the same.
      wrap: (store) =>
        reading(store, async (now, limit) => {
          const due = await store.dueSchedules(now, limit)
          return [...due, ...due]
        }),
    })
    await rig.put('s', { job: holding, overlap: 'replace' })
    await rig.clock.advance(minute)
    expect(await rig.timesOf('s')).toEqual([10, 20, 30, 40, 50, 60].map((at) => at * second))
    expect((await rig.jobsOf('s')).map(({ state }) => state).slice(-2)).toEqual(['cancelled', 'running'])
    endAll(rig.runs)
  })

  test('when the clock is set back', async () => {
    await using rig = await startSchedules()
    let back = 0
    const { now } = rig.clock
    rig.clock.now = () => now() - back
    await rig.put('s')
    await rig.clock.advance(10 * second)
    back = 25 * second
    await rig.clock.advance(34 * second)
    expect(await rig.timesOf('s')).toEqual([10 * second])
    await rig.clock.advance(minute)
    const times = await rig.timesOf('s')
    expectOneEach(times, 10 * second)
    expect(times.slice(0, 2)).toEqual([10 * second, 20 * second])
  })
})

describe('a tick whose job is refused', () => {
  test('because too many tasks wait comes again every five seconds until there is room', async () => {
    await using rig = await startSchedules({ mostWaiting: 1, concurrency: 1 })
    await rig.put('s', { cron: '*/30 * * * * *', job: holding })
    // One runs and one waits, so there is no room.
    await rig.engine.schedules.run('s')
    await rig.runs.started(1)
    await rig.engine.schedules.run('s')
    await rig.clock.advance(42 * second)
    const schedule = await rig.schedule('s')
    expect(schedule.nextAt).toBe(newYear + 45 * second)
    expect(skipOf(schedule)).toEqual({
      code: 'full',
      message: 'Expected at most 1 tasks of this server to wait, got 1 more while 1 do.',
    })
    const run = await rig.runs.nth(1)
    run.succeed()
    await rig.clock.advance(10 * second)
    expect(await rig.timesOf('s')).toEqual([0, 0, 45 * second])
    expect(await rig.schedule('s')).toMatchObject({ nextAt: newYear + minute, lastSkip: undefined })
    endAll(rig.runs)
    await rig.settle()
    endAll(rig.runs)
  })

  test('because it has more tasks than may ever wait does not come again', async () => {
    await using rig = await startSchedules({ mostWaiting: 1 })
    await rig.put('s', { cron: '*/30 * * * * *', job: { tasks: [...holding.tasks, ...holding.tasks] } })
    await rig.clock.advance(59 * second)
    expect(await rig.jobsOf('s')).toEqual([])
    expect(await rig.schedule('s')).toMatchObject({ nextAt: newYear + minute, lastAt: newYear + 30 * second })
    expect(skipOf(await rig.schedule('s'))?.code).toBe('invalid')
  })

  test('because it is no longer valid says why, and comes again with the next tick only', async () => {
    const { store, clock } = await sleepThrough(5 * second, { cron: '*/10 * * * * *', job: holding })
    const kinds = createKinds()
    const sleep = { ...kinds.sleep, check: () => [{ field: 'tasks[0]', message: 'It naps no more.' }] }
    await using rig = await startSchedules({ store, clock, kinds: { ...kinds, sleep } })
    await clock.advance(24 * second)
    expect(await rig.jobsOf('s')).toEqual([])
    expect(skipOf(await rig.schedule('s'))).toEqual({ code: 'invalid', message: 'It naps no more.' })
    expect(await rig.schedule('s')).toMatchObject({ nextAt: newYear + 30 * second })
    expect(rig.logs.filter(({ level }) => level === 'warn').map(({ fields }) => fields?.code)).toEqual([
      'invalid',
      'invalid',
    ])
  })

  test('because the time zone is no longer known says so, and was the last one', async () => {
    const store = openSqlite({ file: ':memory:' })
    const schedule = newSchedule({ id: 's', timeZone: 'Mars/Phobos', nextAt: newYear + second })
    const schedules = [{ type: 'put' as const, schedule, was: undefined }]
    await store.commit({ submissions: [], settlements: [], actions: [], claim: 0, schedules }, newYear)
    await using rig = await startSchedules({ store })
    await rig.clock.advance(minute)
    expect(await rig.schedule('s')).toMatchObject({ nextAt: undefined, lastJob: undefined })
    expect(skipOf(await rig.schedule('s'))).toEqual({
      code: 'invalid',
      message: 'The time zone "Mars/Phobos" is no longer known.',
    })
  })

  test('because there is one of the same unique key comes again if it is to take its place', async () => {
    await using rig = await startSchedules()
    const job = { ...holding, unique: { key: 'k' } }
    await rig.put('s', { cron: '*/30 * * * * *', job, overlap: 'replace' })
    await rig.clock.advance(59 * second)
    const [first] = await rig.jobsOf('s')
    expect(first?.createdAt).toBe(newYear + 30 * second)
    await rig.clock.advance(second)
    expect(skipOf(await rig.schedule('s'))?.code).toBe('existing')
    await rig.clock.advance(5 * second)
    expect((await rig.jobsOf('s')).map(({ state }) => state)).toEqual(['cancelled', 'running'])
    expect(await rig.timesOf('s')).toEqual([30 * second, 65 * second])
    endAll(rig.runs)
  })

  test('because there is one of the same unique key says so, and goes on', async () => {
    await using rig = await startSchedules()
    await rig.put('s', { job: { ...holding, unique: { key: 'k' } } })
    await rig.clock.advance(20 * second)
    const [first] = await rig.jobsOf('s')
    expect(skipOf(await rig.schedule('s'))).toEqual({
      code: 'existing',
      message: `Job ${first?.id} is of the same key.`,
    })
    endAll(rig.runs)
    await rig.clock.advance(10 * second)
    expect(await rig.timesOf('s')).toEqual([10 * second, 30 * second])
    endAll(rig.runs)
  })
})

describe('schedules that cannot be read', () => {
  test('are read again five seconds later', async () => {
    let broken = false
    await using rig = await startSchedules({
      wrap: (store) =>
        reading(store, (now, limit) => {
          if (broken) throw new Error('unreadable')
          return store.dueSchedules(now, limit)
        }),
    })
    await rig.put('s', { job: empty })
    await rig.settle()
    broken = true
    await rig.clock.advance(12 * second)
    broken = false
    await rig.clock.advance(3 * second)
    expect(await rig.timesOf('s')).toEqual([15 * second])
    expect(rig.logs[0]).toMatchObject({ level: 'warn', fields: { error: 'unreadable' } })
  })
})
