import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Timers } from '../../src/engine/timers.ts'
import { fakeClock } from '../../src/testing/clock.ts'

/** Timers, and a log of those that rang, each with its moment. */
const timersOf = () => {
  const clock = fakeClock(0)
  const timers = new Timers(clock)
  const rang: string[] = []
  const set = (ms: number, name: string, then = () => {}) =>
    timers.after(ms, () => {
      rang.push(`${name} at ${clock.now()}`)
      then()
    })
  return { clock, rang, set }
}

describe('timers of one length', () => {
  test('arm one of the clock, and ring each at its own moment', async () => {
    const { clock, rang, set } = timersOf()
    set(10, 'a')
    set(10, 'b')
    await clock.advance(4)
    set(10, 'c')
    expect(clock.pending).toBe(1)
    await clock.advance(20)
    expect(rang).toEqual(['a at 10', 'b at 10', 'c at 14'])
    expect(clock.pending).toBe(0)
  })

  test('that are all called off leave nothing armed', () => {
    const { clock, set } = timersOf()
    const [a, b] = [set(10, 'a'), set(10, 'b')]
    a()
    expect(clock.pending).toBe(1)
    b()
    expect(clock.pending).toBe(0)
    b()
  })

  test('ring although the first was called off', async () => {
    const { clock, rang, set } = timersOf()
    const a = set(10, 'a')
    await clock.advance(5)
    set(10, 'b')
    a()
    await clock.advance(20)
    expect(rang).toEqual(['b at 15'])
  })

  test('may call off what is due with them, and set others', async () => {
    const { clock, rang, set } = timersOf()
    set(10, 'a', () => {
      b()
      set(10, 'd')
    })
    const b = set(10, 'b')
    set(10, 'c')
    await clock.advance(30)
    expect(rang).toEqual(['a at 10', 'c at 10', 'd at 20'])
    expect(clock.pending).toBe(0)
  })
})

test('a timer tells how late it rings', async () => {
  const clock = fakeClock(0)
  const late: number[] = []
  const timers = new Timers(clock)
  timers.after(10, (ms) => late.push(ms))
  timers.after(20, (ms) => late.push(ms))
  await clock.advance(10)
  const { elapsed } = clock
  clock.elapsed = () => elapsed() + 500
  await clock.advance(10)
  expect(late).toEqual([0, 500])
})

test('on random histories, the same rings at the same moments as with a timer of the clock for each', async () => {
  const step = fc.oneof(
    fc.record({ set: fc.constantFrom(0, 5, 7, 20) }),
    fc.record({ callOff: fc.nat(20) }),
    fc.record({ wait: fc.nat(12) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const play = async (shared: boolean) => {
        const clock = fakeClock(0)
        const timers = shared ? new Timers(clock) : clock
        const rang: string[] = []
        const set: (() => void)[] = []
        for (const step of steps) {
          const name = set.length
          if ('set' in step) set.push(timers.after(step.set, () => rang.push(`${clock.now()}: ${name}`)))
          else if ('callOff' in step) set[step.callOff]?.()
          else await clock.advance(step.wait)
        }
        await clock.advance(20)
        expect(clock.pending).toBe(0)
        return rang.sort()
      }
      expect(await play(true)).toEqual(await play(false))
    }),
    { numRuns: 200 },
  )
})
