import type { Clock } from '../clock.ts'

/** A clock that stands still until the test moves it. */
export interface FakeClock extends Clock {
  /** A seeded series; assign another function to script it. */
  random: () => number
  /**
   * Moves time on by `ms`, and runs each timer that becomes due in between at its own moment, in order, those armed on
   * the way included. What a timer sets off gets the event loop before the next one runs.
   */
  advance(ms: number): Promise<void>
  /** Moves on to the next moment at which something is due, and lets it happen; false if there is none. */
  advanceToNext(): Promise<boolean>
  /** How many timers are armed: 0 at the end of a test that leaks none. */
  readonly pending: number
}

interface Timer {
  at: number
  action: () => void
}

/** Two clocks with the same seed give the same ids: give the second one another seed where they share a store. */
export const fakeClock = (start = Date.UTC(2026, 0, 1), seed = 1): FakeClock => {
  let now = start
  let ids = 0
  // In the order they were armed, so that of two that are due at once the older runs first.
  const timers = new Set<Timer>()

  const nextDue = (until: number): Timer | undefined => {
    let next: Timer | undefined
    for (const timer of timers) if (timer.at <= until && (!next || timer.at < next.at)) next = timer
    return next
  }

  const clock: FakeClock = {
    now: () => now,
    wall: () => now,
    elapsed: () => now - start,
    random: mulberry32(seed),
    id: () => uuidv7(now, seed, ids++),
    after(ms, action) {
      const timer = { at: now + Math.max(0, ms), action }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    async advance(ms) {
      const until = now + ms
      await turns()
      for (let timer = nextDue(until); timer; timer = nextDue(until)) {
        timers.delete(timer)
        now = Math.max(now, timer.at)
        timer.action()
        await turns()
      }
      now = Math.max(now, until)
      await turns()
    },
    async advanceToNext() {
      const next = nextDue(Number.POSITIVE_INFINITY)
      if (next) await clock.advance(Math.max(0, next.at - now))
      return next !== undefined
    },
    get pending() {
      return timers.size
    },
  }
  return clock
}

/** Lets what is ready run: every microtask, and the few turns of the event loop that streams and hand-offs take. */
const turns = async () => {
  for (let turn = 0; turn < 4; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** Tommy Ettinger's 32-bit generator: small, seedable, and even enough for tests. */
const mulberry32 = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** RFC 9562, 5.7: the moment, then (where the real one is random) the seed, then a count that only rises. */
const uuidv7 = (now: number, seed: number, count: number) => {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0').slice(-digits)
  const time = hex(now, 12)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(seed, 3)}-8000-${hex(count, 12)}`
}
