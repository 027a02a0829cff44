/** Time and chance. Nothing else reads the machine's clock or randomness, so a test can drive both. */
export interface Clock {
  /** Milliseconds since the epoch. Never goes back. */
  now(): number
  /** Milliseconds since the epoch, as the machine's clock shows them: that can be set, forwards and back. */
  wall(): number
  /** Milliseconds since some moment. Goes on evenly, whatever the machine's clock is set to; stands still while the machine sleeps. */
  elapsed(): number
  /** At least 0 and less than 1. */
  random(): number
  /** A UUIDv7 (RFC 9562): ids sort by the moment they were made. */
  id(): string
  /** Runs `action` once after `ms`, unless the returned function is called first. */
  after(ms: number, action: () => void): () => void
}

/** The longest delay that setTimeout keeps; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1

/**
 * The time of the machine's clock, except that it never goes back. A clock that is set forwards is followed at once: the
 * machine may have slept, and the times that callers name are those of that clock. From one that is set back by an hour,
 * time goes on at half speed for two hours, until both are one again: so what waits for a moment waits at most
 * twice as long, instead of an hour longer, and no moment comes twice.
 */
export const steady = (wall: () => number, elapsed: () => number): (() => number) => {
  let time = wall()
  let at = elapsed()
  return () => {
    const now = elapsed()
    time = Math.max(wall(), time + (now - at) / 2)
    at = now
    return Math.floor(time)
  }
}

/** The clock of a machine. `wall` and `elapsed` are replaced by tests only. */
export const clockOf = ({
  wall = Date.now,
  elapsed = () => performance.now(),
}: Partial<Pick<Clock, 'wall' | 'elapsed'>> = {}): Clock => ({
  now: steady(wall, elapsed),
  wall,
  elapsed,
  random: Math.random,
  id: () => Bun.randomUUIDv7(),
  after: (ms, action) => {
    let timer: ReturnType<typeof setTimeout>
    const arm = (left: number) => {
      timer =
        left > longestTimer
          ? setTimeout(() => arm(left - longestTimer), longestTimer)
          : setTimeout(action, Math.max(0, left))
    }
    arm(ms)
    return () => clearTimeout(timer)
  },
})

export const systemClock: Clock = clockOf()

/** Waits for the work, for at most `ms`; of 0, not at all. */
export const atMost = async (
  ms: number,
  work: Promise<unknown>,
  clock: Pick<Clock, 'after'>,
): Promise<void> => {
  if (ms === 0) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(ms, resolve)
  await Promise.race([work, promise])
  cancel()
}
