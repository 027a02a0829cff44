/** How often something may be measured: the pauses of a busy machine are short and rare, a flaw is in every run. */
const mostRuns = 3

/** Runs it until what it measures is good enough, three times at most; gives the last. */
export const untilGood = async <T>(run: () => Promise<T>, isGood: (measured: T) => boolean): Promise<T> => {
  for (let runs = 1; ; runs += 1) {
    const measured = await run()
    if (runs === mostRuns || isGood(measured)) return measured
  }
}
