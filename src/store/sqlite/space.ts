import type { Database } from 'bun:sqlite'

/** Free pages beyond this share of the file are given back; up to it they are kept, for what comes next. */
const mostFree = 0.2
/** A file is not made smaller for less than this. */
const leastBytes = 8 * 1024 * 1024
/** How many pages a commit gives back at most: about 3 ms of moving those at the end of the file. */
const pagesAStep = 100

/** After so many of these steps the log is folded into the file, which is then cut: in one go, it would be cut by all of it. */
const stepsAFold = 10

/** Gives the space of what was deleted back to the file system, a step in each commit, when it is worth it. */
export class Space {
  readonly #free
  readonly #all
  readonly #giveBack
  readonly #fold
  readonly #leastPages
  #steps = 0
  /** Whether something was deleted since it was last found not to be worth it. */
  #isDue = true

  constructor(db: Database) {
    this.#free = db.query<{ freelist_count: number }, []>('pragma freelist_count')
    this.#all = db.query<{ page_count: number }, []>('pragma page_count')
    this.#giveBack = db.query(`pragma incremental_vacuum(${pagesAStep})`)
    this.#fold = db.query('pragma wal_checkpoint(passive)')
    const layout = db.query<{ page_size: number }, []>('pragma page_size').get()
    this.#leastPages = leastBytes / (layout?.page_size ?? 4_096)
  }

  /** To be called after a commit. */
  fold(): void {
    if (this.#steps === 0 || (this.#isDue && this.#steps < stepsAFold)) return
    this.#steps = 0
    this.#fold.all()
  }

  /** Something was deleted. */
  freed(): void {
    this.#isDue = true
  }

  /** To be called inside a transaction. Returns whether there is more to give back. */
  step(): boolean {
    if (!this.#isDue) return false
    const free = this.#free.get()?.freelist_count ?? 0
    const all = this.#all.get()?.page_count ?? 0
    this.#isDue = free > this.#leastPages && free > all * mostFree
    if (this.#isDue) {
      this.#giveBack.all()
      this.#steps += 1
    }
    return this.#isDue
  }
}
