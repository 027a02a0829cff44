/** How often a bound may be measured: the pauses of a busy machine are short and rare, those of a blocked loop are in every run. */
const mostRuns = 3

/** Requests without a pause would make garbage, and its collection would be what is measured (30 ms, in 2 of 6 tries). */
const everyMs = 2

/**
 * Asks `/livez` of a server every 2 ms until the work has ended. Gives how long each answer took, in milliseconds and
 * ascending, counted from when it was due to be asked for: a loop that is blocked asks late.
 */
export const answerTimes = async (url: string, work: Promise<unknown>): Promise<number[]> => {
  let working = true
  const ended = work.finally(() => {
    working = false
  })
  const times: number[] = []
  while (working) {
    const due = performance.now() + everyMs
    await Bun.sleep(everyMs)
    const response = await fetch(`${url}/livez`)
    await response.text()
    times.push(performance.now() - due)
    if (!response.ok) throw new Error(`Expected /livez to answer 200, got ${response.status}`)
  }
  await ended
  return times.toSorted((one, other) => one - other)
}

/** The value below which this share of them lies; of 1 it is the largest. */
export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN

/** The lowest of what at most three runs measure; it stops at one that meets the bound. */
export const lowestOf = async (run: () => Promise<number>, boundMs: number): Promise<number> => {
  let lowest = Number.POSITIVE_INFINITY
  for (let runs = 0; runs < mostRuns && lowest > boundMs; runs += 1) lowest = Math.min(lowest, await run())
  return lowest
}
