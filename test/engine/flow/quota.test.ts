import { describe, expect, test } from 'bun:test'
import { Quota, type Told } from '../../../src/engine/flow/quota.ts'

const told = (fields: Partial<Told>): Told => ({
  limit: undefined,
  perMs: undefined,
  remaining: undefined,
  resetMs: undefined,
  ...fields,
})

const start = 1_000_000

/** A quota that heard this in a response while one task ran. */
const heard = (...news: Partial<Told>[]) => {
  const quota = new Quota()
  for (const fields of news) quota.heard(told(fields), 1, start)
  return quota
}

describe('a policy with a window', () => {
  test('is held as a rate, over a window that is 1 % longer', () => {
    const quota = heard({ limit: 5, perMs: 1_000 })
    expect(quota.room(start, 0, 0)).toBe(4)
    for (let left = 4; left > 0; left -= 1) quota.started(start + 100)
    expect(quota.nextRoomAt(start + 100, 5, 0)).toBe(start + 1_010)
    expect([1_009, 1_010, 1_109, 1_110].map((ms) => quota.room(start + ms, 0, 0))).toEqual([0, 1, 1, 5])
  })

  test('of a few milliseconds is held over two more', () => {
    const quota = heard({ limit: 1, perMs: 10 })
    expect([11, 12].map((ms) => quota.room(start + ms, 0, 0))).toEqual([0, 1])
  })

  test('counts what ran when it was learned, and what the upstream says was used', () => {
    const quota = new Quota()
    quota.heard(told({ limit: 50, perMs: 10_000, remaining: 20, resetMs: 3_000 }), 12, start)
    expect(quota.room(start, 12, 0)).toBe(20)
    expect(quota.room(start + 3_100, 12, 0)).toBe(38)
    expect(quota.room(start + 10_100, 12, 0)).toBe(50)
  })

  test('leaves no room for what is at hand', () => {
    expect(heard({ limit: 5, perMs: 1_000 }).room(start, 0, 3)).toBe(1)
  })

  test('is held together with others, and the smallest room counts', () => {
    const quota = heard({ limit: 2, perMs: 1_000 }, { limit: 3, perMs: 60_000 })
    quota.started(start)
    expect(quota.nextRoomAt(start, 2, 0)).toBe(start + 1_010)
    quota.started(start + 1_010)
    expect(quota.room(start + 1_010, 0, 0)).toBe(0)
    expect(quota.nextRoomAt(start + 1_010, 0, 0)).toBe(start + 60_600)
    expect(quota.known(start + 1_010, 0, 0)).toMatchObject({ limit: 3, perMs: 60_000, remaining: 0 })
  })

  test('is changed as the upstream changes it, and only then worth keeping', () => {
    const quota = new Quota()
    const hear = (limit: number) => quota.heard(told({ limit, perMs: 1_000, remaining: 3 }), 0, start)
    expect([hear(5), hear(5), hear(9), hear(9)]).toEqual([true, false, true, false])
    expect(quota.kept).toEqual({ policies: [{ limit: 9, perMs: 1_000 }], spent: undefined })
  })

  test('of which others use most is closed until its reset when nothing is left', () => {
    const quota = heard({ limit: 50, perMs: 60_000, remaining: 49, resetMs: 60_000 })
    quota.heard(told({ limit: 50, perMs: 60_000, remaining: 0, resetMs: 5_000 }), 1, start + 100)
    expect(quota.room(start + 5_099, 0, 0)).toBe(0)
    expect(quota.nextRoomAt(start + 100, 0, 0)).toBe(start + 5_100)
    expect(quota.room(start + 5_100, 0, 0)).toBe(49)
  })

  test('is forgotten ten windows after it was last heard, but not within a minute', () => {
    const quota = heard({ limit: 5, perMs: 1_000 })
    expect([59_999, 60_000].map((ms) => quota.forget(start + ms))).toEqual([true, false])
    const long = heard({ limit: 5, perMs: 60_000 })
    expect([599_999, 600_000].map((ms) => long.forget(start + ms))).toEqual([true, false])
  })

  test('is one of four at most', () => {
    const quota = heard(...[1, 2, 3, 4, 5].map((seconds) => ({ limit: 5, perMs: seconds * 1_000 })))
    expect(quota.kept.policies.map(({ perMs }) => perMs)).toEqual([1_000, 2_000, 3_000, 4_000])
  })
})

describe('a rest and its reset', () => {
  test('leave room for the rest, less what is under way', () => {
    const quota = heard({ limit: 100, remaining: 10, resetMs: 30_000 })
    expect(quota.room(start, 4, 2)).toBe(4)
    expect(quota.room(start, 8, 2)).toBe(0)
    expect(quota.known(start, 4, 2)).toEqual({
      limit: 100,
      perMs: undefined,
      remaining: 4,
      resetAt: start + 30_000,
    })
  })

  test('close the queue until the reset when nothing is left, and after it the limit is there again', () => {
    const quota = heard({ limit: 100, remaining: 0, resetMs: 30_000 })
    expect(quota.nextRoomAt(start, 0, 0)).toBe(start + 30_000)
    expect([29_999, 30_000].map((ms) => quota.room(start + ms, 0, 0))).toEqual([0, 100])
  })

  test('say nothing of the time after the reset if there is no limit', () => {
    const quota = heard({ remaining: 0, resetMs: 30_000 })
    expect([29_999, 30_000].map((ms) => quota.room(start + ms, 0, 0))).toEqual([0, Number.POSITIVE_INFINITY])
  })

  test('that is overtaken by a later one does not count', () => {
    const quota = heard({ limit: 100, remaining: 10, resetMs: 30_000 })
    quota.heard(told({ limit: 100, remaining: 12, resetMs: 29_600 }), 1, start + 200)
    expect(quota.room(start + 200, 0, 0)).toBe(10)
  })

  test('of the next window count anew', () => {
    const quota = heard({ limit: 100, remaining: 0, resetMs: 1_000 })
    quota.heard(told({ limit: 100, remaining: 99, resetMs: 60_000 }), 1, start + 1_500)
    expect(quota.room(start + 1_500, 0, 0)).toBe(99)
  })

  test('of no seconds wait for up to the second that was rounded off', () => {
    const quota = heard({ limit: 100, remaining: 0, resetMs: 0 })
    expect([999, 1_000].map((ms) => quota.room(start + ms, 0, 0))).toEqual([0, 100])
  })

  test('close the queue for a day at most', () => {
    const quota = heard({ limit: 100, remaining: 0, resetMs: Number.MAX_SAFE_INTEGER })
    expect(quota.nextRoomAt(start, 0, 0)).toBe(start + 86_400_000)
  })

  test.each<Partial<Told>>([
    {},
    { limit: 100 },
    { limit: 100, remaining: 0 },
    { remaining: 0 },
    { limit: 0, perMs: 1_000 },
    { limit: 0, remaining: 0, resetMs: 1_000 },
  ])('are not known from %j', (fields) => {
    const quota = heard(fields)
    expect(quota.room(start, 1_000, 0)).toBe(Number.POSITIVE_INFINITY)
    expect(quota.forget(start)).toBe(false)
  })
})

describe('after a restart', () => {
  test('a short window is taken to be used up, of a long one nothing is known', () => {
    const before = heard({ limit: 5, perMs: 1_000 }, { limit: 500, perMs: 3_600_000 })
    const quota = new Quota()
    quota.resume(before.kept, start)
    expect([0, 1_010].map((ms) => quota.room(start + ms, 0, 0))).toEqual([0, 5])
    expect(quota.known(start + 2_000, 0, 0)).toMatchObject({ limit: 5, remaining: 5 })
  })

  test('a quota that was used up is closed until its reset', () => {
    const before = heard({ limit: 100, remaining: 0, resetMs: 30_000 })
    const quota = new Quota()
    quota.resume(before.kept, start + 10_000)
    expect([29_999, 30_000].map((ms) => quota.room(start + ms, 0, 0))).toEqual([0, 100])
    const late = new Quota()
    late.resume(before.kept, start + 30_000)
    expect(late.forget(start + 30_000)).toBe(false)
  })
})
