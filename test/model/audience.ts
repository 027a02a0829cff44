import type { Engine } from '../../src/engine/engine.ts'
import type { FakeClock } from '../../src/testing/clock.ts'
import type { Found } from './compare.ts'
import { Reader } from './reader.ts'
import type { Service } from './service.ts'

/** Turns of the event loop that a reader may take to catch up. */
const patience = 5

/** Who follows the jobs: each has a reader from its beginning on, across all processes, and some have others. */
export class Audience {
  #readers: Reader[] = []
  /** The seq that each job was last seen with. */
  #seqs = new Map<string, number>()

  /** Follows a job from a share of what has happened to it. */
  follow(job: string, share: number, engine: Engine): void {
    const reader = new Reader(job, Math.floor((this.#seqs.get(job) ?? 0) * share))
    this.#readers.push(reader)
    reader.join(engine)
  }

  /** The connection is lost. */
  leave(): void {
    for (const reader of this.#readers) reader.leave()
  }

  rejoin(engine: Engine): void {
    for (const reader of this.#readers) reader.join(engine)
  }

  /** Fails unless everybody knows what there is to know. Who was told that a job has ended comes back when it is taken up again. */
  async check(
    service: Service,
    found: ReadonlyMap<string, Found>,
    engine: Engine,
    clock: FakeClock,
  ): Promise<void> {
    this.#readers = this.#readers.filter(({ job }) => found.has(job))
    let joined = false
    for (const { id } of service.jobs)
      if (!this.#readers.some(({ job, after }) => job === id && after === 0)) {
        this.follow(id, 0, engine)
        joined = true
      }
    const lags = ({ job, seq }: Reader) => seq !== found.get(job)?.record.seq
    for (const reader of this.#readers)
      if (reader.isDone && lags(reader)) {
        reader.join(engine)
        joined = true
      }
    for (let left = patience; left > 0 && (joined || this.#readers.some(lags)); left -= 1) {
      await clock.advance(0)
      joined = false
    }
    for (const reader of this.#readers) {
      const its = found.get(reader.job)
      const job = service.job(reader.job)
      if (its && job) reader.check(job, its.record.seq, its.rows)
    }
    for (const [id, { record }] of found) this.#seqs.set(id, record.seq)
  }
}
