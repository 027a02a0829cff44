import { describe, expect, test } from 'bun:test'
import { Pace } from '../../../src/engine/flow/pace.ts'

/** A pace of so many starts a second for so long; returns when it ended. */
const keep = (pace: Pace, perSecond: number, since: number, seconds: number): number => {
  const until = since + seconds * 1_000
  for (let at = since; at < until; at += 1_000 / perSecond) pace.note(at)
  return until
}

describe('a pace', () => {
  test('is that of the starts, soon after they begin', () => {
    const pace = new Pace(0)
    expect(pace.perSecond(keep(pace, 40, 0, 3))).toBeWithin(38, 42)
  })

  test('follows a change within some seconds', () => {
    const pace = new Pace(0)
    const changed = keep(pace, 100, 0, 10)
    expect(pace.perSecond(keep(pace, 10, changed, 1))).toBeGreaterThan(20)
    expect(pace.perSecond(keep(pace, 10, changed + 1_000, 10))).toBeWithin(9, 14)
  })

  test('is forgotten when nothing starts any more', () => {
    const pace = new Pace(0)
    const ended = keep(pace, 100, 0, 10)
    expect(pace.perSecond(ended + 60_000)).toBeLessThan(2)
  })

  test('of a single start is one a second at most', () => {
    const pace = new Pace(0)
    pace.note(0)
    expect(pace.perSecond(1)).toBe(1)
  })
})
