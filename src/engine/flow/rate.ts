import type { Rate } from '../../job/queues.ts'

/** A time that is earlier than the last one by this much, in milliseconds, comes of a clock that was set back; by less, of a slow commit. */
const setBackMs = 60_000

/** Starts that are counted together, because they were claimed in the same stretch of time. */
interface Bucket {
  count: number
  /** How many of them were claimed and have not started yet. */
  pending: number
  /** When the latest of them started. */
  at: number
}

/** The starts of one bucket, as they are kept on disk. */
export interface KeptStarts {
  bucket: number
  count: number
  /** Undefined if it was never recorded when the latest of them started. */
  at: number | undefined
}

/** A bucket of which everything has started. */
export interface Finished {
  bucket: number
  at: number
}

/**
 * How many tasks may start under a rate: in no stretch of `perMs`, wherever it begins, do more than `limit` start.
 *
 * A log of starts rather than a bucket of tokens, which would allow twice the limit across the end of a window. It counts starts in
 * about a thousand buckets of time, by when they were claimed. A task may start some time after it was claimed: until then it counts
 * as if it started now, and its bucket counts until `perMs` after the latest start in it. So it errs by one bucket, a thousandth of
 * `perMs`, and never to the side of too many.
 */
export class RateLog {
  #rate: Rate
  #buckets = new Map<number, Bucket>()
  #finished = new Map<number, number>()
  #count = 0
  /** Before this time nothing leaves the log. */
  #expiresAt = Number.POSITIVE_INFINITY
  #now = 0

  constructor(rate: Rate) {
    this.#rate = rate
  }

  get rate(): Rate {
    return this.#rate
  }

  /** The width of a bucket, in milliseconds. */
  get bucketMs(): number {
    return Math.max(1, Math.ceil(this.#rate.perMs / 1_000))
  }

  /** How many starts count at the moment. */
  counted(now: number): number {
    this.#expire(now)
    return this.#count
  }

  /** How many tasks may be claimed now. */
  room(now: number): number {
    return Math.max(0, this.#rate.limit - this.counted(now))
  }

  /** When there is room again; undefined as long as that depends on when claimed tasks start. */
  nextRoomAt(now: number): number | undefined {
    let missing = this.counted(now) - this.#rate.limit + 1
    if (missing <= 0) return now
    const started = [...this.#buckets.values()].filter(({ pending }) => pending === 0)
    // Nearly in order as they are, which makes it quick.
    for (const { at, count } of started.sort((a, b) => a.at - b.at)) {
      missing -= count
      if (missing <= 0) return at + this.#rate.perMs
    }
    return undefined
  }

  /** Counts tasks that were claimed, and returns their bucket. */
  claimed(now: number, count: number): number {
    const number = this.#bucketOf(now)
    const bucket = this.#buckets.get(number) ?? { count: 0, pending: 0, at: Number.NEGATIVE_INFINITY }
    this.#buckets.set(number, bucket)
    bucket.count += count
    bucket.pending += count
    this.#count += count
    this.#finished.delete(number)
    return number
  }

  /** One of the claimed tasks has really started. */
  started(number: number, at: number): void {
    const bucket = this.#buckets.get(number)
    if (bucket === undefined) return
    bucket.pending -= 1
    bucket.at = Math.max(bucket.at, at)
    this.#now = Math.max(this.#now, at)
    this.#settle(number, bucket)
  }

  /** One of the claimed tasks was given back and will not start. */
  unclaimed(number: number): void {
    const bucket = this.#buckets.get(number)
    if (bucket === undefined) return
    bucket.pending -= 1
    bucket.count -= 1
    this.#count -= 1
    if (bucket.count === 0) this.#buckets.delete(number)
    else this.#settle(number, bucket)
  }

  /** Counts starts of before, that nothing else is known of. */
  add(at: number, count: number): void {
    if (count <= 0) return
    const number = this.#bucketOf(at)
    const bucket = this.#buckets.get(number) ?? { count: 0, pending: 0, at }
    this.#buckets.set(number, bucket)
    bucket.count += count
    bucket.at = Math.max(bucket.at, at)
    this.#count += count
    this.#expiresAt = Math.min(this.#expiresAt, at + this.#rate.perMs)
  }

  /**
   * Takes over what was counted before a restart. A bucket of which not every start was recorded may have started at any time until
   * now, and so may one that claims to have started later than now: the clock was set back.
   */
  load(kept: Iterable<KeptStarts>, now: number): void {
    for (const { bucket: number, count, at } of kept) {
      const bucket = { count, pending: 0, at: Math.min(at ?? now, now) }
      this.#buckets.set(number, bucket)
      this.#count += count
      if (at === undefined) this.#settle(number, bucket)
      this.#expiresAt = Math.min(this.#expiresAt, bucket.at + this.#rate.perMs)
    }
    this.#expire(now)
  }

  /** Goes on with another rate: what has started counts under the new one as it did under the old. */
  retune(rate: Rate): void {
    this.#rate = rate
    this.#expiresAt = Number.NEGATIVE_INFINITY
  }

  /** The buckets of which everything has started since this was last asked. */
  takeFinished(): Finished[] {
    if (this.#finished.size === 0) return []
    const finished = [...this.#finished].map(([bucket, at]) => ({ bucket, at }))
    this.#finished.clear()
    return finished
  }

  /** Takes back what could not be written, unless there is news of the bucket. */
  keep({ bucket, at }: Finished): void {
    if ((this.#buckets.get(bucket)?.pending ?? 0) > 0 || this.#finished.has(bucket)) return
    this.#finished.set(bucket, at)
  }

  /** The first bucket that still counts; undefined when none does. */
  get oldest(): number | undefined {
    let oldest: number | undefined
    for (const number of this.#buckets.keys()) if (oldest === undefined || number < oldest) oldest = number
    return oldest
  }

  /** A bucket's number is when it begins, so that a later number is a later time whatever the width. */
  #bucketOf(at: number): number {
    return Math.floor(at / this.bucketMs) * this.bucketMs
  }

  #settle(number: number, bucket: Bucket): void {
    if (bucket.pending > 0) return
    this.#finished.set(number, bucket.at)
    this.#expiresAt = Math.min(this.#expiresAt, bucket.at + this.#rate.perMs)
  }

  #expire(now: number): void {
    if (now < this.#now - setBackMs) this.#setBack(now)
    this.#now = Math.max(this.#now, now)
    if (now < this.#expiresAt) return
    const { perMs } = this.#rate
    this.#expiresAt = Number.POSITIVE_INFINITY
    for (const [number, { at, count, pending }] of this.#buckets) {
      if (pending > 0) continue
      if (at + perMs <= now) {
        this.#buckets.delete(number)
        this.#count -= count
      } else this.#expiresAt = Math.min(this.#expiresAt, at + perMs)
    }
  }

  /** The clock was set back: what started later than now would count for longer than `perMs`. */
  #setBack(now: number): void {
    for (const bucket of this.#buckets.values()) bucket.at = Math.min(bucket.at, now)
    this.#now = now
    this.#expiresAt = Number.NEGATIVE_INFINITY
  }
}
