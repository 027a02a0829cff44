import { endedOf } from '../job/counts.ts'
import { hasEnded } from '../job/state.ts'
import type { JobRecord } from '../store/store.ts'
import { averageRate, round } from './view.ts'

/** How long a measurement lasts, and how much the newest weighs: the rate follows a change within about five seconds. */
const sampleMs = 1_000
const weight = 0.3

interface Sample {
  at: number
  ended: number
  rate: number | undefined
}

/** How fast each running job goes, measured as its changes pass by. */
export class Rates {
  #samples = new Map<string, Sample>()

  note(job: JobRecord, now: number): void {
    if (hasEnded(job.state)) {
      this.#samples.delete(job.id)
      return
    }
    const ended = endedOf(job.counts)
    const sample = this.#samples.get(job.id)
    if (sample === undefined) {
      this.#samples.set(job.id, { at: now, ended, rate: undefined })
    } else if (now - sample.at >= sampleMs) {
      const measured = (Math.max(0, ended - sample.ended) / (now - sample.at)) * 1000
      sample.rate = sample.rate === undefined ? measured : sample.rate + weight * (measured - sample.rate)
      sample.at = now
      sample.ended = ended
    }
  }

  of(job: JobRecord, now: number): number {
    const rate = this.#samples.get(job.id)?.rate
    return rate === undefined ? averageRate(job, now) : round(rate)
  }

  forget(job: string): void {
    this.#samples.delete(job)
  }
}
