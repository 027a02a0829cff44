/** A value at a moment, in seconds. */
export type Point = readonly [at: number, value: number]

/**
 * How much the values grow over the last third of the time, as a share of their mean there: that of the straight line that fits
 * them best, so that ups and downs do not count.
 */
export const growthOf = (points: readonly Point[]): number => {
  const last = lastThird(points)
  const [first, end] = [last[0]?.[0] ?? 0, last.at(-1)?.[0] ?? 0]
  const meanAt = mean(last.map(([at]) => at))
  const meanValue = mean(last.map(([, value]) => value))
  const both = mean(last.map(([at, value]) => (at - meanAt) * (value - meanValue)))
  const spread = mean(last.map(([at]) => (at - meanAt) ** 2))
  if (spread === 0 || meanValue === 0) return 0
  return ((both / spread) * (end - first)) / meanValue
}

export const lastThird = <T>(all: readonly T[]): T[] => all.slice(Math.floor((all.length * 2) / 3))

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
