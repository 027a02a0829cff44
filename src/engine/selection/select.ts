import { expected, Problem } from '../../job/errors.ts'
import { isSelected, type Selection } from '../../job/selection.ts'
import type { JobRecord, Store } from '../../store/store.ts'
import { type Arrivals, behind } from './arrivals.ts'
import type { Selections } from './selections.ts'

/** So many jobs are read at once, and at most so many are found before it is said how far that has come. */
const pageSize = 100

/** What is told to who selects, one thing at a time: the next waits until what is returned resolves. */
export interface Finder {
  /** A job to follow from `after` on; with what it was when it was found, unless it was asked for. No job is found twice. */
  found(id: string, after: number, job?: JobRecord): Promise<void>
  /** A job to follow from now on, with a snapshot. It is found no other time. */
  listed(job: JobRecord): Promise<void>
  /** Every job of the selection up to this number has been found, or had ended before. */
  reached(number: number): Promise<void>
  /** A job that was found, or had ended before, goes on after its end. Told at once: `since` is the seq that it ended with. */
  revived(job: string, since: number): void
}

export interface SelectOptions extends Finder {
  /** What was reached before: jobs past it are new, and found even if they have ended. Default: now. */
  since?: number | undefined
  /** Jobs to go on with, and their last seq that was seen. They are found first. */
  seen?: ReadonlyMap<string, number> | undefined
  signal: AbortSignal
}

/** A selection that is under way. */
export interface Searching {
  /** Resolves once the signal is aborted, or the server stops. Rejects with a Problem (`invalid`) when `since` lies in the future. */
  done: Promise<void>
  /** From where a job that another has found will be found by this one, if that is still to come. */
  wants(id: string, job?: JobRecord): number | undefined
}

export interface Sources {
  store: Store
  selections: Selections
}

/**
 * Finds all jobs of a selection: those to go on with, those that have not ended, then every new one, in the order of their
 * numbers, until the signal. New jobs are heard of from before the store is read for the first time, and one who is slow
 * reads the store again from where it is: so none is missed, and nothing waits for it.
 */
export const select = (sources: Sources, selection: Selection, options: SelectOptions): Searching => {
  const search = new Search(sources.store, selection, options)
  return { done: run(sources, search), wants: (id, job) => search.wants(id, job) }
}

const run = async ({ selections }: Sources, search: Search): Promise<void> => {
  const { selection, options } = search
  const { signal } = options
  const arrivals = selections.join(selection, ({ id, number }, since) => search.revived(id, number, since))
  const close = () => arrivals.close()
  signal.addEventListener('abort', close, { once: true })
  try {
    if (!signal.aborted) await search.run(arrivals)
  } finally {
    signal.removeEventListener('abort', close)
    selections.leave(arrivals)
  }
}

class Search {
  /** Every job up to this number was found, or is told as it is found. */
  #reached = 0
  /** Of those to go on with: the ones whose turn is yet to come. */
  #pending: Map<string, number>

  constructor(
    readonly store: Store,
    readonly selection: Selection,
    readonly options: SelectOptions,
  ) {
    this.#pending = new Map(options.seen)
  }

  wants(id: string, job?: JobRecord): number | undefined {
    const seen = this.#pending.get(id)
    if (seen !== undefined) return seen
    return job && job.number > this.#reached && isSelected(this.selection, job) ? 0 : undefined
  }

  /** What was not found yet will be, with all that happened to it. */
  revived(id: string, number: number, since: number): void {
    if (number <= this.#reached && !this.#pending.has(id)) this.options.revived(id, since)
  }

  async run(arrivals: Arrivals): Promise<void> {
    const last = await this.store.lastNumber()
    const { since = last } = this.options
    if (since > last)
      throw new Problem(
        'invalid',
        expected('since', `between 0 and ${last}, the highest number that was reached`, since),
      )
    this.#reached = since
    for (const [id, after] of this.options.seen ?? []) await this.#find(id, after)
    await this.#findOpen(since)
    do {
      arrivals.clear()
      await this.#findNew()
      this.#reached = Math.max(this.#reached, last)
      await this.#tellReached()
    } while (await this.#goLive(arrivals))
  }

  /** Those that have not ended, up to where the new ones begin. */
  async #findOpen(upTo: number): Promise<void> {
    const query = { of: this.selection, open: true, upTo, limit: pageSize }
    for (let after = 0; !this.#over; ) {
      const page = await this.store.selected({ ...query, after })
      for (const job of page) if (!this.#over && !this.#seen(job.id)) await this.options.listed(job)
      if (page.length < pageSize) return
      after = page.at(-1)?.number ?? after
      await letOthersRun()
    }
  }

  /** Those past what was reached, ended or not. */
  async #findNew(): Promise<void> {
    while (!this.#over) {
      const page = await this.store.selected({ of: this.selection, after: this.#reached, limit: pageSize })
      for (const job of page) await this.#findNext(job)
      if (page.length < pageSize) return
      await this.#tellReached()
      await letOthersRun()
    }
  }

  /** Those that come from now on. Returns true when they have to be read from the store again, false when it is over. */
  async #goLive(arrivals: Arrivals): Promise<boolean> {
    for (let untold = 0; ; ) {
      const arrival = await arrivals.next()
      if (arrival === undefined || this.#over) return false
      if (arrival === behind) return true
      if (arrival.number <= this.#reached) continue
      await this.#findNext(arrival)
      untold += 1
      if (!arrivals.empty && untold < pageSize) continue
      await this.#tellReached()
      untold = 0
    }
  }

  async #findNext(job: JobRecord): Promise<void> {
    if (this.#over) return
    this.#reached = job.number
    if (!this.#seen(job.id)) await this.#find(job.id, 0, job)
  }

  async #find(id: string, after: number, job?: JobRecord): Promise<void> {
    if (this.#over) return
    const found = this.options.found(id, after, job)
    this.#pending.delete(id)
    await found
  }

  async #tellReached(): Promise<void> {
    if (!this.#over) await this.options.reached(this.#reached)
  }

  #seen(id: string): boolean {
    return this.options.seen?.has(id) === true
  }

  get #over(): boolean {
    return this.options.signal.aborted
  }
}

/** However fast the store and the reader are. */
const letOthersRun = () => new Promise((resolve) => setImmediate(resolve))
