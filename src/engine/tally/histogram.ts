/** How values are spread: how many were at most each bound, and beyond the last. To count one takes some nanoseconds, and no memory. */
export class Histogram {
  /** For each bound, how many values were above the one before, and at most this; then those above all. */
  readonly counts: Float64Array
  sum = 0

  /** The bounds rise. */
  constructor(readonly bounds: readonly number[]) {
    this.counts = new Float64Array(bounds.length + 1)
  }

  add(value: number): void {
    let at = 0
    while (value > (this.bounds[at] ?? Number.POSITIVE_INFINITY)) at += 1
    this.counts[at] = (this.counts[at] ?? 0) + 1
    this.sum += value
  }
}
