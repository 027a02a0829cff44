import type { Claim } from '../store/store.ts'

/** Claims that wait to run, first come first served within a job. Few: about what ends between two commits. */
export class Window {
  #jobs = new Map<number, Claim[]>()
  #size = 0

  get size(): number {
    return this.#size
  }

  add(claim: Claim): void {
    const claims = this.#jobs.get(claim.job)
    if (claims) claims.push(claim)
    else this.#jobs.set(claim.job, [claim])
    this.#size += 1
  }

  /** Takes out the first claim of the first job that may run. */
  take(mayRun: (claim: Claim) => boolean): Claim | undefined {
    for (const [job, claims] of this.#jobs) {
      const [first] = claims
      if (first === undefined || !mayRun(first)) continue
      claims.shift()
      if (claims.length === 0) this.#jobs.delete(job)
      this.#size -= 1
      return first
    }
    return undefined
  }

  removeOf(job: number): Claim[] {
    const claims = this.#jobs.get(job) ?? []
    this.#jobs.delete(job)
    this.#size -= claims.length
    return claims
  }

  removeAll(): Claim[] {
    return [...this.#jobs.keys()].flatMap((job) => this.removeOf(job))
  }
}
