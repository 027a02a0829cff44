import { describe, expect, test } from 'bun:test'
import { longestPauseMs, Throttle } from '../../../src/engine/flow/throttle.ts'

const refused = (throttle: Throttle, now: number, running: number, ms = 1_000, slowly = true) =>
  throttle.refuse(ms, '429 with Retry-After', { now, running, slowly })

/** How many may run at once after each round in which as many as may run pass. */
const rounds = (throttle: Throttle, now: number, count: number) =>
  Array.from({ length: count }, () => {
    const { allowed } = throttle
    for (let left = Math.min(allowed, 1_000); left > 0; left -= 1) throttle.passed(now)
    return throttle.allowed
  })

describe('a pause', () => {
  test('closes the queue until it ends', () => {
    const throttle = new Throttle()
    refused(throttle, 5_000, 10)
    expect(throttle.pause).toEqual({ at: 5_000, until: 6_000, why: '429 with Retry-After' })
    expect([throttle.isClosed(5_999), throttle.isClosed(6_000)]).toEqual([true, false])
  })

  test('is extended by one that ends later, and by no other', () => {
    const throttle = new Throttle()
    refused(throttle, 5_000, 10, 3_000)
    refused(throttle, 5_100, 10, 1_000)
    expect(throttle.pause).toMatchObject({ at: 5_000, until: 8_000 })
    refused(throttle, 5_200, 10, 4_000)
    expect(throttle.pause).toMatchObject({ at: 5_000, until: 9_200 })
  })

  test('lasts a day at most, whatever the upstream asks for', () => {
    const throttle = new Throttle()
    refused(throttle, 0, 1, Number.MAX_SAFE_INTEGER)
    expect(throttle.pause?.until).toBe(longestPauseMs)
    expect(longestPauseMs).toBe(86_400_000)
  })
})

describe('after a pause', () => {
  test('one task runs, then twice as many with each round up to half, then one more each, then all', () => {
    const throttle = new Throttle()
    refused(throttle, 0, 16)
    expect(throttle.allowed).toBe(1)
    expect(rounds(throttle, 1_000, 3)).toEqual([2, 4, 8])
    const after = rounds(throttle, 1_000, 9)
    expect(after.slice(0, 3)).toEqual([8, 9, 10])
    expect(after.at(-1)).toBe(Number.POSITIVE_INFINITY)
    expect(throttle.isOver(1_000)).toBe(true)
  })

  test('what passed while it was closed was sent before, and says nothing', () => {
    const throttle = new Throttle()
    refused(throttle, 0, 16)
    for (let left = 15; left > 0; left -= 1) throttle.passed(500)
    expect(throttle.allowed).toBe(1)
  })

  test('a refusal makes it begin anew, with half of what it had reached', () => {
    const throttle = new Throttle()
    refused(throttle, 0, 64)
    rounds(throttle, 1_000, 3)
    expect(throttle.allowed).toBe(8)
    refused(throttle, 1_500, 8)
    for (let left = 7; left > 0; left -= 1) refused(throttle, 1_500, 8)
    expect(throttle.allowed).toBe(1)
    expect(rounds(throttle, 2_500, 5)).toEqual([2, 4, 4, 5, 6])
  })

  test('that the one task was refused that tried, changes nothing', () => {
    const throttle = new Throttle()
    refused(throttle, 0, 64)
    for (const now of [1_000, 2_000, 3_000]) refused(throttle, now, 1)
    expect(rounds(throttle, 4_000, 5)).toEqual([2, 4, 8, 16, 32])
  })

  test('all run at once if a quota says how to go on', () => {
    const throttle = new Throttle()
    refused(throttle, 0, 64, 1_000, false)
    expect(throttle.allowed).toBe(Number.POSITIVE_INFINITY)
    expect([throttle.isOver(999), throttle.isOver(1_000)]).toEqual([false, true])
  })
})
