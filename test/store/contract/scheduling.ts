import { describe, expect, test } from 'bun:test'
import type { ScheduleChange, ScheduleRecord } from '../../../src/store/schedule.ts'
import { newJob } from '../../support/jobs.ts'
import { newSchedule } from '../../support/schedules.ts'
import type { Start } from '../contract.ts'
import { type Driver, one } from '../driver.ts'

const change = async (s: Driver, ...schedules: ScheduleChange[]): Promise<boolean[]> =>
  (await s.commit({ schedules })).scheduled

/** Puts a new one there. */
const put = async (s: Driver, fields: Partial<ScheduleRecord> = {}): Promise<ScheduleRecord> => {
  const schedule = newSchedule(fields)
  expect(await change(s, { type: 'put', schedule, was: undefined })).toEqual([true])
  return schedule
}

const read = async (s: Driver, { id }: { id: string }): Promise<ScheduleRecord> => {
  const schedule = await s.store.schedule(id)
  if (schedule === undefined) throw new Error(`Expected the schedule ${id} to exist`)
  return schedule
}

/** Submits a job for the tick at which the schedule was last seen. */
const take = async (s: Driver, { id, nextAt }: ScheduleRecord, next: number | undefined, job = newJob()) => {
  const tick = { schedule: id, at: nextAt ?? 0, nextAt: next }
  const { submitted } = await s.commit({ submissions: [{ ...job, tick }] })
  return { job, type: one(submitted).type }
}

const idsOf = (schedules: readonly { id: string }[]) => schedules.map(({ id }) => id)

export const scheduling = (start: Start) => {
  describe('a schedule', () => {
    test('is kept as it was put, whole or with the least', async () => {
      const s = await start()
      const least = await put(s)
      const whole = await put(s, {
        name: 'nightly',
        cron: '0 3 * * *',
        timeZone: 'Europe/Berlin',
        missed: 'once',
        overlap: 'replace',
        job: '{"tasks":[{"kind":"sleep","ms":1}]}',
        owner: 'a',
        pausedAt: 5,
        nextAt: 6,
        lastAt: 7,
        lastJob: 'b',
        lastSkip: 'c',
        createdAt: 8,
        updatedAt: 9,
      })
      expect(await read(s, least)).toEqual(least)
      expect(await read(s, whole)).toEqual(whole)
      expect(await s.store.schedule('none')).toBeUndefined()
    })

    test('is created once: a second of its id is not put', async () => {
      const s = await start()
      const schedule = await put(s, { name: 'first' })
      const second = { ...schedule, name: 'second' }
      expect(await change(s, { type: 'put', schedule: second, was: undefined })).toEqual([false])
      expect((await read(s, schedule)).name).toBe('first')
    })

    test('is changed only by who knows its last change, and keeps what it has done', async () => {
      const s = await start()
      const done = { lastAt: 1, lastJob: 'j', lastSkip: 's', createdAt: 1 }
      const schedule = await put(s, { ...done, updatedAt: 10 })
      const next = newSchedule({ id: schedule.id, name: 'new', job: '{}', owner: 'o', updatedAt: 11 })
      expect(await change(s, { type: 'put', schedule: next, was: 9 })).toEqual([false])
      expect(await read(s, schedule)).toEqual(schedule)
      expect(await change(s, { type: 'put', schedule: next, was: 10 })).toEqual([true])
      expect(await read(s, schedule)).toEqual({ ...next, ...done })
      expect(await change(s, { type: 'put', schedule: next, was: 10 })).toEqual([false])
    })

    test('is removed once, and changed no more', async () => {
      const s = await start()
      const schedule = await put(s)
      const removal = { type: 'remove', id: schedule.id } as const
      expect(await change(s, removal, removal)).toEqual([true, false])
      expect(await s.store.schedule(schedule.id)).toBeUndefined()
      expect(await change(s, { type: 'put', schedule, was: schedule.updatedAt })).toEqual([false])
    })
  })

  describe('the next tick of a schedule that is changed', () => {
    const standing = { nextAt: 100, updatedAt: 10 }

    test('stays, if it ticks as before: who changed it may have seen an earlier one', async () => {
      const s = await start()
      const schedule = await put(s, standing)
      await take(s, schedule, 200)
      const next = { ...schedule, name: 'new', nextAt: 150, updatedAt: 11 }
      expect(await change(s, { type: 'put', schedule: next, was: 10 })).toEqual([true])
      expect(await read(s, schedule)).toMatchObject({ name: 'new', nextAt: 200 })
    })

    test.each([
      ['another expression', { cron: '0 * * * *' }],
      ['another time zone', { timeZone: 'Asia/Tokyo' }],
    ])('is the new one with %s', async (_, fields) => {
      const s = await start()
      const schedule = await put(s, standing)
      const next = { ...schedule, ...fields, nextAt: 150, updatedAt: 11 }
      expect(await change(s, { type: 'put', schedule: next, was: 10 })).toEqual([true])
      expect(await read(s, schedule)).toEqual(next)
    })

    test('is gone while it is paused, and new afterwards', async () => {
      const s = await start()
      const schedule = await put(s, standing)
      const paused = { ...schedule, pausedAt: 50, nextAt: undefined, updatedAt: 11 }
      await change(s, { type: 'put', schedule: paused, was: 10 })
      expect(await read(s, schedule)).toEqual(paused)
      const resumed = { ...schedule, nextAt: 300, updatedAt: 12 }
      await change(s, { type: 'put', schedule: resumed, was: 11 })
      expect(await read(s, schedule)).toEqual(resumed)
    })
  })

  describe('lists', () => {
    test('all schedules by id, a page at a time', async () => {
      const s = await start()
      for (const id of ['b', 'A', 'c', '_', 'a']) await put(s, { id })
      expect(idsOf(await s.store.schedules({ limit: 3 }))).toEqual(['A', '_', 'a'])
      expect(idsOf(await s.store.schedules({ after: 'a', limit: 3 }))).toEqual(['b', 'c'])
    })

    test('those that are due, the longest due first, and none that stands at no tick', async () => {
      const s = await start()
      for (const [id, nextAt] of [
        ['late', 30],
        ['first', 10],
        ['paused', undefined],
        ['b', 20],
        ['a', 20],
      ] as const)
        await put(s, { id, nextAt })
      expect(idsOf(await s.store.dueSchedules(20, 10))).toEqual(['first', 'a', 'b'])
      expect(idsOf(await s.store.dueSchedules(20, 1))).toEqual(['first'])
      expect(idsOf(await s.store.dueSchedules(9, 10))).toEqual([])
      expect(idsOf(await s.store.dueSchedules(Number.MAX_SAFE_INTEGER, 10))).toHaveLength(4)
    })
  })

  describe('a tick', () => {
    test('makes one job, which knows its schedule, and moves the schedule on in the same commit', async () => {
      const s = await start()
      const schedule = await put(s, { nextAt: 100, lastSkip: 'why' })
      const { job, type } = await take(s, schedule, 200)
      expect(type).toBe('created')
      expect((await s.job(job)).schedule).toBe(schedule.id)
      const moved = { nextAt: 200, lastAt: s.now, lastJob: job.id, lastSkip: undefined }
      expect(await read(s, schedule)).toEqual({ ...schedule, ...moved })
    })

    test('makes no second job, in the same commit or later: who saw it before the other is told', async () => {
      const s = await start()
      const schedule = await put(s, { nextAt: 100 })
      const tick = { schedule: schedule.id, at: 100, nextAt: 200 }
      const [first, second] = [newJob(), newJob()]
      const { submitted, changes } = await s.commit({
        submissions: [
          { ...first, tick },
          { ...second, tick },
        ],
      })
      expect(submitted.map(({ type }) => type)).toEqual(['created', 'stale'])
      expect(changes).toHaveLength(1)
      expect((await take(s, schedule, 300)).type).toBe('stale')
      expect((await s.store.jobs({ limit: 10 })).data).toHaveLength(1)
      expect(await read(s, schedule)).toMatchObject({ nextAt: 200, lastJob: first.id })
    })

    test('may be the last one', async () => {
      const s = await start()
      const schedule = await put(s, { nextAt: 100 })
      await take(s, schedule, undefined)
      expect((await read(s, schedule)).nextAt).toBeUndefined()
    })

    test('of a schedule that was removed, paused or told otherwise makes none', async () => {
      const s = await start()
      const fates: ((schedule: ScheduleRecord) => ScheduleChange)[] = [
        ({ id }) => ({ type: 'remove', id }),
        (schedule) => ({
          type: 'put',
          schedule: { ...schedule, nextAt: undefined, pausedAt: 1, updatedAt: 1_001 },
          was: 1_000,
        }),
        (schedule) => ({
          type: 'put',
          schedule: { ...schedule, cron: '0 * * * *', nextAt: 101, updatedAt: 1_001 },
          was: 1_000,
        }),
      ]
      for (const fate of fates) {
        const schedule = await put(s, { nextAt: 100 })
        const tick = { schedule: schedule.id, at: 100, nextAt: 200 }
        const { scheduled, submitted } = await s.commit({
          schedules: [fate(schedule)],
          submissions: [{ ...newJob(), tick }],
        })
        expect([scheduled, one(submitted).type]).toEqual([[true], 'stale'])
      }
      expect((await s.store.jobs({ limit: 10 })).data).toEqual([])
    })

    test('that makes no job moves the schedule on and says why, if it still stands there', async () => {
      const s = await start()
      const schedule = await put(s, { nextAt: 100, lastJob: 'before' })
      const skip = { type: 'skip', id: schedule.id, at: 100, nextAt: 200, why: 'missed' } as const
      expect(await change(s, skip, skip)).toEqual([true, false])
      const moved = { nextAt: 200, lastAt: s.now, lastSkip: 'missed' }
      expect(await read(s, schedule)).toEqual({ ...schedule, ...moved })
      expect((await take(s, schedule, 300)).type).toBe('stale')
    })

    test('whose job is refused stays where it is', async () => {
      const s = await start()
      const schedule = await put(s, { nextAt: 100 })
      const unique = { key: 'k', states: ['running' as const], forMs: undefined }
      await s.submit({ unique })
      expect((await take(s, schedule, 200, newJob({ unique }))).type).toBe('existing')
      const tick = { schedule: schedule.id, at: 100, nextAt: 200 }
      const { submitted } = await s.commit({ submissions: [{ ...newJob(), tick }], mostWaiting: 1 })
      expect(one(submitted).type).toBe('full')
      expect(await read(s, schedule)).toEqual(schedule)
    })
  })

  describe('a job that a schedule makes out of turn', () => {
    test('is noted with it, and moves nothing', async () => {
      const s = await start()
      const schedule = await put(s, { nextAt: 100, lastSkip: 'why' })
      const job = await s.submit({ schedule: schedule.id })
      expect(job.schedule).toBe(schedule.id)
      const noted = { lastAt: s.now, lastJob: job.id, lastSkip: undefined }
      expect(await read(s, schedule)).toEqual({ ...schedule, ...noted })
    })

    test('is not made if the schedule is not there', async () => {
      const s = await start()
      const { submitted } = await s.commit({ submissions: [newJob({ schedule: 'none' })] })
      expect(one(submitted).type).toBe('stale')
      expect((await s.store.jobs({ limit: 10 })).data).toEqual([])
    })
  })

  test('the jobs of a schedule are found by it, newest first, also when it is gone', async () => {
    const s = await start()
    const schedule = await put(s)
    const other = await put(s)
    const jobs = []
    for (const of of [schedule, other, schedule, schedule]) {
      const job = await s.submit({ schedule: of.id })
      if (of === schedule) jobs.unshift(job.id)
    }
    await s.submit()
    await change(s, { type: 'remove', id: schedule.id })
    const first = await s.store.jobs({ schedule: schedule.id, limit: 2 })
    const rest = await s.store.jobs({ schedule: schedule.id, limit: 2, before: first.next })
    expect(idsOf([...first.data, ...rest.data])).toEqual(jobs)
    expect(rest.next).toBeUndefined()
  })
}
