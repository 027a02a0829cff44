import type { OpenJob } from './rows.ts'
import type { Statements } from './statements/index.ts'

/** How many tasks wait, of all and of each owner's jobs, as of the last commit. Owners are few: one a token. */
export class Owners {
  #waiting = new Map<string, number>()
  #total = 0

  constructor(readonly statements: Statements) {
    this.add(new Map(statements.owners.all().map(({ id, waiting }) => [id, waiting])))
  }

  of(owner: string): number {
    return this.#waiting.get(owner) ?? 0
  }

  get total(): number {
    return this.#total
  }

  /** Takes in what a transaction changed, once it has committed. */
  add(changes: ReadonlyMap<string, number>): void {
    for (const [owner, by] of changes) {
      this.#waiting.set(owner, this.of(owner) + by)
      this.#total += by
    }
  }
}

/** The same inside a transaction. */
export class OwnersBook {
  readonly changes = new Map<string, number>()
  #total = 0

  constructor(readonly owners: Owners) {}

  of(owner: string): number {
    return this.owners.of(owner) + (this.changes.get(owner) ?? 0)
  }

  get total(): number {
    return this.owners.total + this.#total
  }

  /** Counts what waits of the job now, in place of what was counted of it before. */
  count(job: OpenJob): void {
    const waiting = job.counts.queued + job.counts.blocked
    const by = waiting - job.counted
    if (by === 0) return
    job.counted = waiting
    this.changes.set(job.owner, (this.changes.get(job.owner) ?? 0) + by)
    this.#total += by
  }

  save(): void {
    for (const [id, waiting] of this.changes)
      if (waiting !== 0) this.owners.statements.countOwner.run({ id, waiting })
  }
}
