import type { JobPlan } from './plan.ts'

/** How long a key lives of which nothing else is said. */
const dayMs = 86_400_000

interface Used {
  digest: string
  /** The job that it was first used for. */
  id: string
  until: number
}

/** The idempotency keys that live. */
export class Keys {
  readonly #used = new Map<string, Used>()

  get({ idempotency }: JobPlan): Used | undefined {
    return idempotency && this.#used.get(idempotency.key)
  }

  use({ idempotency }: JobPlan, id: string, at: number): void {
    if (idempotency === undefined) return
    const { key, digest, forMs = dayMs } = idempotency
    this.#used.set(key, { digest, id, until: at + forMs })
  }

  /** A job that a client deletes takes its key along, if that is still its own. */
  free(plan: JobPlan, id: string): void {
    if (plan.idempotency && this.get(plan)?.id === id) this.#used.delete(plan.idempotency.key)
  }

  expire(at: number): void {
    for (const [key, { until }] of this.#used) if (until <= at) this.#used.delete(key)
  }
}
