import { describe, expect, test } from 'bun:test'
import { fakeClock } from '../../src/testing/clock.ts'

describe('the fake clock', () => {
  test('time stands still until it is advanced', async () => {
    const clock = fakeClock(1_000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(clock.now()).toBe(1_000)
    await clock.advance(250)
    expect(clock.now()).toBe(1_250)
  })

  test('timers run in the order they are due, each at its own moment, and ties in the order they were armed', async () => {
    const clock = fakeClock(0)
    const ran: [name: string, at: number][] = []
    for (const [name, ms] of [
      ['c', 30],
      ['a', 10],
      ['b1', 20],
      ['b2', 20],
    ] as const)
      clock.after(ms, () => ran.push([name, clock.now()]))
    await clock.advance(30)
    expect(ran).toEqual([
      ['a', 10],
      ['b1', 20],
      ['b2', 20],
      ['c', 30],
    ])
  })

  test('a timer that is not due yet waits for the next advance', async () => {
    const clock = fakeClock()
    let ran = false
    clock.after(10, () => {
      ran = true
    })
    await clock.advance(9)
    expect(ran).toBe(false)
    expect(clock.pending).toBe(1)
    await clock.advance(1)
    expect(ran).toBe(true)
    expect(clock.pending).toBe(0)
  })

  test('a timer armed by what another set off runs within the same advance', async () => {
    const clock = fakeClock(0)
    const beats: number[] = []
    const beat = async () => {
      beats.push(clock.now())
      await Promise.resolve()
      clock.after(10, beat)
    }
    clock.after(10, beat)
    await clock.advance(35)
    expect(beats).toEqual([10, 20, 30])
    expect(clock.now()).toBe(35)
  })

  test('what is called off never runs, also when a timer due at the same moment calls it off', async () => {
    const clock = fakeClock()
    let ran = false
    clock.after(5, () => cancel())
    const cancel = clock.after(5, () => {
      ran = true
    })
    await clock.advance(5)
    cancel()
    expect(ran).toBe(false)
    expect(clock.pending).toBe(0)
  })

  test('a negative delay is due at once, and time never runs backwards', async () => {
    const clock = fakeClock(100)
    let at = 0
    clock.after(-50, () => {
      at = clock.now()
    })
    await clock.advance(0)
    expect(at).toBe(100)
  })

  test('an action that throws fails the advance', async () => {
    const clock = fakeClock()
    clock.after(1, () => {
      throw new Error('broken')
    })
    await expect(clock.advance(1)).rejects.toThrow('broken')
  })

  test('ids are UUIDv7 of its time, sort in the order they were made, and repeat with the seed', async () => {
    const make = async (seed: number) => {
      const clock = fakeClock(1_767_225_600_000, seed)
      const ids = [clock.id(), clock.id()]
      await clock.advance(1)
      return [...ids, clock.id()]
    }
    const ids = await make(7)
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(Number.parseInt((ids[0] ?? '').replace('-', '').slice(0, 12), 16)).toBe(1_767_225_600_000)
    expect(ids.toSorted()).toEqual(ids)
    expect(await make(7)).toEqual(ids)
    expect(new Set([...ids, ...(await make(8))]).size).toBe(6)
  })

  test('random is a series in [0, 1) that repeats with the seed, and can be scripted', () => {
    const series = (seed: number) => {
      const clock = fakeClock(0, seed)
      return Array.from({ length: 1_000 }, () => clock.random())
    }
    expect(series(1)).toEqual(series(1))
    expect(series(1)).not.toEqual(series(2))
    expect(series(1).every((value) => value >= 0 && value < 1)).toBe(true)
    const clock = fakeClock()
    clock.random = () => 0.5
    expect(clock.random()).toBe(0.5)
  })
})
