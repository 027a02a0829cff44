import type { Rate } from '../../job/queues.ts'
import type { Claim } from '../../store/store.ts'
import { RateLog } from './rate.ts'

/** A rate that was set for a queue, and in which buckets its claims are counted. */
export class Meter {
  readonly log: RateLog
  /** Of the claims that have not started. */
  #buckets = new Map<Claim, number>()

  constructor(rate: Rate) {
    this.log = new RateLog(rate)
  }

  /** How many more tasks may be claimed, if so many were and have not started. */
  room(now: number, atHand: number): number {
    // Claims from before there was a rate are in no bucket.
    return this.log.room(now) - (atHand - this.#buckets.size)
  }

  take(claim: Claim, now: number): void {
    this.#buckets.set(claim, this.log.claimed(now, 1))
  }

  start(claim: Claim, now: number): void {
    const bucket = this.#remove(claim)
    if (bucket === undefined) this.log.add(now, 1)
    else this.log.started(bucket, now)
  }

  giveBack(claim: Claim): void {
    const bucket = this.#remove(claim)
    if (bucket !== undefined) this.log.unclaimed(bucket)
  }

  #remove(claim: Claim): number | undefined {
    const bucket = this.#buckets.get(claim)
    this.#buckets.delete(claim)
    return bucket
  }
}
