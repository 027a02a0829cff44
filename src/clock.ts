/** Time and chance. Nothing else reads the machine's clock or randomness, so a test can drive both. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** At least 0 and less than 1. */
  random(): number
  /** A UUIDv7 (RFC 9562): ids sort by the moment they were made. */
  id(): string
  /** Runs `action` once after `ms`, unless the returned function is called first. */
  after(ms: number, action: () => void): () => void
}

/** The longest delay that setTimeout keeps; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1

export const systemClock: Clock = {
  now: Date.now,
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
}
