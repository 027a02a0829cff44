import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Adaptive } from '../../../src/engine/flow/adaptive.ts'

const bounds = { min: 1, max: 256 }

/** An upstream that takes so many at once in 20 ms each. More of them share it, or are refused. */
const simulate = (adaptive: Adaptive, capacity: number, refuses: boolean, rounds: number) => {
  const limits: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const running = adaptive.limit
    limits.push(running)
    for (let task = 0; task < running; task += 1) {
      if (!refuses) adaptive.succeeded(20 * Math.max(1, running / capacity), running)
      else if (task < capacity) adaptive.succeeded(20, running)
      else {
        adaptive.overloaded(running)
        adaptive.ended()
      }
    }
  }
  return limits
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('adaptive concurrency', () => {
  test('begins with 2, or what its bounds allow', () => {
    expect(new Adaptive(bounds).limit).toBe(2)
    expect(new Adaptive({ min: 1, max: 1 }).limit).toBe(1)
    expect(new Adaptive({ min: 20, max: 30 }).limit).toBe(20)
  })

  test('doubles with each round until it first steps back, then grows by one a round', () => {
    const adaptive = new Adaptive(bounds)
    expect(simulate(adaptive, 1_000, true, 6)).toEqual([2, 4, 8, 16, 32, 64])
    adaptive.overloaded(0)
    const limits = simulate(adaptive, 1_000, true, 20)
    expect(limits[0]).toBe(89)
    expect(limits.at(-1)).toBeWithin(89 + 17, 89 + 20)
  })

  test('does not grow while less than half of it runs', () => {
    const adaptive = new Adaptive(bounds)
    for (let left = 100; left > 0; left -= 1) adaptive.succeeded(20, 3)
    expect(adaptive.limit).toBe(7)
  })

  test('steps back once for all that is refused of one round', () => {
    const adaptive = new Adaptive({ min: 1, max: 100 })
    simulate(adaptive, 1_000, true, 5)
    const before = adaptive.limit
    for (let left = before; left > 0; left -= 1) {
      adaptive.overloaded(before)
      adaptive.ended()
    }
    expect(before).toBe(64)
    expect(adaptive.limit).toBe(44)
  })

  test('finds the capacity of an upstream that refuses more', () => {
    for (const capacity of [4, 20, 100]) {
      const limits = simulate(new Adaptive(bounds), capacity, true, 400).slice(-100)
      expect(average(limits)).toBeWithin(0.6 * capacity, 1.2 * capacity + 1)
    }
  })

  test('does not let an upstream that only gets slower take several times as long', () => {
    for (const capacity of [4, 20, 60]) {
      const limits = simulate(new Adaptive(bounds), capacity, false, 400).slice(-100)
      expect(average(limits)).toBeWithin(0.8 * capacity, 2.5 * capacity + 1)
    }
  })

  test('gets used to an upstream that takes longer for good', () => {
    const adaptive = new Adaptive(bounds)
    const limits: number[] = []
    for (let round = 0; round < 600; round += 1) {
      limits.push(adaptive.limit)
      const ms = round < 100 ? 20 : 200
      for (let left = adaptive.limit; left > 0; left -= 1) adaptive.succeeded(ms, adaptive.limit)
    }
    expect(limits[100]).toBe(256)
    expect(Math.min(...limits)).toBe(1)
    expect(limits.at(-1)).toBe(256)
  })

  test('stays within its bounds, whatever happens', () => {
    const event = fc.oneof(
      fc.record({ ms: fc.double({ min: 0, max: 1e6, noNaN: true }), running: fc.nat({ max: 300 }) }),
      fc.constantFrom('overloaded', 'ended'),
    )
    const within = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.nat({ max: 50 }))
    fc.assert(
      fc.property(within, fc.array(event, { maxLength: 200 }), ([min, more], events) => {
        const adaptive = new Adaptive({ min, max: min + more })
        for (const event of events) {
          if (event === 'overloaded') adaptive.overloaded(5)
          else if (event === 'ended') adaptive.ended()
          else if (typeof event === 'object') adaptive.succeeded(event.ms, event.running)
          expect(adaptive.limit).toBeWithin(min, min + more + 1)
        }
      }),
    )
  })

  test('keeps to bounds that are changed', () => {
    const adaptive = new Adaptive(bounds)
    adaptive.retune({ min: 1, max: 2 })
    expect(adaptive.limit).toBe(2)
    adaptive.retune({ min: 10, max: 20 })
    expect(adaptive.limit).toBe(10)
  })
})
