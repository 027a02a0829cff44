import { endedOf } from '../job/counts.ts'
import type { JobRecord } from '../store/store.ts'
import { averageRate, round } from './view.ts'

/** How long a measurement lasts at least. */
const sampleMs = 1_000
/** How fast what was measured before is forgotten: the rate follows a change within about five seconds. */
const memoryMs = 2_800

interface Sample {
  at: number
  ended: number
  rate: number | undefined
}

/** How fast each job goes that has tasks running, measured as its changes pass by. A job that waits is not remembered. */
export class Rates {
  #samples = new Map<string, Sample>()

  note(job: JobRecord, now: number): void {
    if (job.counts.running === 0) {
      this.#samples.delete(job.id)
      return
    }
    const sample = this.#samples.get(job.id)
    if (sample === undefined)
      this.#samples.set(job.id, { at: now, ended: endedOf(job.counts), rate: undefined })
    else if (now - sample.at >= sampleMs) {
      sample.rate = measure(sample, job, now)
      sample.at = now
      sample.ended = endedOf(job.counts)
    }
  }

  of(job: JobRecord, now: number): number {
    const sample = this.#samples.get(job.id)
    const rate = sample && now - sample.at >= sampleMs ? measure(sample, job, now) : sample?.rate
    return rate === undefined ? averageRate(job, now) : round(rate)
  }
}

/** The rate since the sample was taken, and before it, the newer the heavier. */
const measure = ({ at, ended, rate }: Sample, job: JobRecord, now: number): number => {
  const elapsed = now - at
  const measured = (Math.max(0, endedOf(job.counts) - ended) / elapsed) * 1000
  return rate === undefined ? measured : measured + (rate - measured) * Math.exp(-elapsed / memoryMs)
}
