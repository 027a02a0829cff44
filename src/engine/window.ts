import type { Claim } from '../store/store.ts'

/** Claims that wait to run, first come first served within a lane. Few: about what ends between two commits. */
export class Window {
  /** By job, then by queue. */
  #jobs = new Map<number, Map<string, Claim[]>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(claim: Claim): void {
    const lanes = this.#jobs.get(claim.job) ?? new Map<string, Claim[]>()
    this.#jobs.set(claim.job, lanes)
    const claims = lanes.get(claim.queue)
    if (claims) claims.push(claim)
    else lanes.set(claim.queue, [claim])
    this.#size += 1
  }

  /** Takes out the first claim of the first lane that may run. */
  take(mayRun: (claim: Claim) => boolean): Claim | undefined {
    for (const lanes of this.#jobs.values())
      for (const claims of lanes.values()) {
        const first = claims[0]
        if (first === undefined || !mayRun(first)) continue
        if (claims.length === 1) this.#removeLane(first.job, first.queue)
        else {
          claims.shift()
          this.#size -= 1
        }
        return first
      }
    return undefined
  }

  removeOf(job: number): Claim[] {
    return [...(this.#jobs.get(job)?.keys() ?? [])].flatMap((queue) => this.#removeLane(job, queue))
  }

  removeIn(queue: string): Claim[] {
    return [...this.#jobs.keys()].flatMap((job) => this.#removeLane(job, queue))
  }

  removeAll(): Claim[] {
    return [...this.#jobs.keys()].flatMap((job) => this.removeOf(job))
  }

  #removeLane(job: number, queue: string): Claim[] {
    const lanes = this.#jobs.get(job)
    const claims = lanes?.get(queue) ?? []
    lanes?.delete(queue)
    if (lanes?.size === 0) this.#jobs.delete(job)
    this.#size -= claims.length
    return claims
  }
}
