import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { RateLog } from '../../../src/engine/flow/rate.ts'
import type { Rate } from '../../../src/job/queues.ts'
import { mostWithin } from './world.ts'

const rate: fc.Arbitrary<Rate> = fc.record({
  limit: fc.integer({ min: 1, max: 20 }),
  perMs: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constantFrom(1_000, 2_500, 60_000)),
})

type Step =
  | { type: 'wait'; share: number }
  | { type: 'claim'; count: number }
  | { type: 'start'; which: number }
  | { type: 'giveBack'; which: number }
  | { type: 'write' }
  | { type: 'restart' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('wait'), share: fc.double({ min: 0, max: 1.2, noNaN: true }) }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('claim'), count: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('start'), which: fc.nat({ max: 50 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('giveBack'), which: fc.nat({ max: 50 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('write') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('restart') }) },
)

/** A log, the rows that a store would hold of it, and what really started. */
class Limiter {
  now = 1_700_000_000_000
  log: RateLog
  readonly starts: number[] = []
  #pending: number[] = []
  #rows = new Map<number, { bucket: number; count: number; at: number | undefined }>()

  constructor(readonly rate: Rate) {
    this.log = new RateLog(rate)
  }

  take(step: Step): void {
    if (step.type === 'wait') this.now += Math.floor(step.share * this.rate.perMs)
    else if (step.type === 'claim') this.claim(step.count)
    else if (step.type === 'write') this.#write()
    else if (step.type === 'restart') this.#restart()
    else this.#act(step)
  }

  claim(most: number): void {
    const count = Math.min(most, this.log.room(this.now))
    if (count === 0) return
    const bucket = this.log.claimed(this.now, count)
    const before = this.#rows.get(bucket)?.count ?? 0
    this.#rows.set(bucket, { bucket, count: before + count, at: undefined })
    for (let left = count; left > 0; left -= 1) this.#pending.push(bucket)
  }

  startAll(): void {
    for (const bucket of this.#pending.splice(0)) this.#start(bucket)
  }

  #start(bucket: number): void {
    this.starts.push(this.now)
    this.log.started(bucket, this.now)
  }

  #act({ type, which }: Extract<Step, { which: number }>): void {
    const [bucket] = this.#pending.splice(which % Math.max(1, this.#pending.length), 1)
    if (bucket === undefined) return
    if (type === 'giveBack') this.log.unclaimed(bucket)
    else this.#start(bucket)
  }

  #write(): void {
    for (const { bucket, at } of this.log.takeFinished()) {
      const row = this.#rows.get(bucket)
      if (row) row.at = at
    }
  }

  #restart(): void {
    this.#pending = []
    this.log = new RateLog(this.rate)
    this.log.load(this.#rows.values(), this.now)
  }
}

describe('a rate', () => {
  test('is exceeded in no stretch of time, whatever is claimed, started late, given back or restarted', () => {
    fc.assert(
      fc.property(rate, fc.array(step, { maxLength: 120 }), (rate, steps) => {
        const limiter = new Limiter(rate)
        for (const step of steps) limiter.take(step)
        expect(mostWithin(limiter.starts, rate.perMs)).toBeLessThanOrEqual(rate.limit)
      }),
      { numRuns: 500 },
    )
  })

  test('is used up to the limit in each stretch that is two buckets longer', () => {
    fc.assert(
      fc.property(rate, fc.integer({ min: 1, max: 5 }), (rate, windows) => {
        const limiter = new Limiter(rate)
        const { bucketMs } = limiter.log
        const end = limiter.now + windows * (rate.perMs + 2 * bucketMs)
        while (limiter.now < end) {
          limiter.claim(1_000)
          limiter.startAll()
          limiter.now = limiter.log.nextRoomAt(limiter.now) ?? Number.NaN
        }
        expect(limiter.starts.length).toBeGreaterThanOrEqual(windows * rate.limit)
      }),
    )
  })

  test('tells when there is room again, and never sooner', () => {
    fc.assert(
      fc.property(rate, fc.array(step, { maxLength: 80 }), (rate, steps) => {
        const limiter = new Limiter(rate)
        for (const step of steps) limiter.take(step)
        const { log, now } = limiter
        const at = log.nextRoomAt(now)
        if (at === undefined) return
        if (at > now) expect(log.room(at - 1)).toBe(0)
        expect(log.room(at)).toBeGreaterThan(0)
      }),
    )
  })

  test('counts a claim for as long as it has not started, and from its start on for the whole window', () => {
    const log = new RateLog({ limit: 1, perMs: 1_000 })
    const bucket = log.claimed(5_000, 1)
    expect(log.room(60_000)).toBe(0)
    expect(log.nextRoomAt(60_000)).toBeUndefined()
    log.started(bucket, 60_000)
    expect(log.nextRoomAt(60_000)).toBe(61_000)
    expect([log.room(60_999), log.room(61_000)]).toEqual([0, 1])
  })

  test('is counted in a thousand buckets at most, however much starts', () => {
    const log = new RateLog({ limit: 1_000_000, perMs: 60_000 })
    expect(log.bucketMs).toBe(60)
    for (let now = 0; now < 200_000; now += 7) log.started(log.claimed(now, 1), now)
    expect(log.takeFinished().length).toBeGreaterThan(3_000)
    expect(log.counted(200_000)).toBeLessThanOrEqual(60_000 / 7 + 60 / 7 + 1)
    expect(log.oldest).toBeGreaterThanOrEqual(Math.floor(140_000 / 60) - 1)
  })

  test('tells of a bucket only when all of it has started', () => {
    const log = new RateLog({ limit: 5, perMs: 60_000 })
    log.started(log.claimed(0, 1), 10)
    const bucket = log.claimed(20, 2)
    log.started(bucket, 30)
    expect(log.takeFinished()).toEqual([])
    log.started(bucket, 400)
    expect(log.takeFinished()).toEqual([{ bucket, at: 400 }])
  })

  test('goes on with what has started when it is changed', () => {
    const log = new RateLog({ limit: 2, perMs: 1_000 })
    for (const at of [0, 100]) log.started(log.claimed(at, 1), at)
    log.retune({ limit: 3, perMs: 10_000 })
    expect(log.room(9_999)).toBe(1)
    expect(log.room(10_000)).toBe(2)
    log.retune({ limit: 1, perMs: 20_000 })
    expect(log.room(10_000)).toBe(0)
    expect(log.nextRoomAt(10_000)).toBe(20_100)
  })

  test('does not wait for a time that was set back', () => {
    const log = new RateLog({ limit: 1, perMs: 1_000 })
    log.started(log.claimed(1_000_000, 1), 1_000_000)
    expect(log.room(500_000)).toBe(0)
    expect(log.room(501_000)).toBe(1)
  })

  test('counts from the real start on, also when it is asked for a time just before', () => {
    const log = new RateLog({ limit: 1, perMs: 1_000 })
    log.started(log.claimed(5_000, 1), 5_040)
    expect(log.room(5_000)).toBe(0)
    expect([log.room(6_039), log.room(6_040)]).toEqual([0, 1])
  })

  test('takes starts that were never recorded for starts of now', () => {
    const log = new RateLog({ limit: 3, perMs: 1_000 })
    const kept = { count: 1, at: 4_500 }
    log.load(
      [
        { ...kept, bucket: 4_400 },
        { ...kept, bucket: 4_600, at: undefined },
      ],
      5_000,
    )
    expect(log.room(5_000)).toBe(1)
    expect([log.room(5_500), log.room(5_999), log.room(6_000)]).toEqual([2, 2, 3])
    expect(log.takeFinished()).toEqual([{ bucket: 4_600, at: 5_000 }])
  })
})
