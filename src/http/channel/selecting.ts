import type { Engine } from '../../engine/engine.ts'
import type { Searching } from '../../engine/selection/select.ts'
import { mostSelections } from '../../job/commands.ts'
import { Problem } from '../../job/errors.ts'
import type { SelectionEvent } from '../../job/events.ts'
import { filterOf } from '../../job/filter.ts'
import { readLabel, type Selection } from '../../job/selection.ts'
import type { JobRecord } from '../../store/store.ts'
import type { Select } from './command.ts'
import type { Outbox } from './outbox.ts'
import type { Cause } from './subscription.ts'
import type { Subscriptions } from './subscriptions.ts'

/** A selection by the words of the client: its name, its label, or both. */
export type Selected = Pick<Select, 'name' | 'label'>

interface SelectingOptions {
  engine: Engine
  outbox: Outbox
  subscriptions: Subscriptions
  /** Says what went wrong with a selection. */
  tell(error: unknown, selected: Selected): void
}

interface Running extends Cause {
  readonly selected: Selected
  search: Searching | undefined
  abort(): void
}

interface Found {
  id: string
  after: number | undefined
  job: JobRecord | undefined
}

/** The names and labels whose jobs one socket follows, those included that do not exist yet. */
export class Selecting {
  #running = new Map<string, Running>()

  constructor(readonly options: SelectingOptions) {}

  /** Follows all jobs of a selection. Done twice, the second takes the place of the first. Throws a Problem. */
  add({ name, label, since, seen, ...filter }: Omit<Select, 'type'>): void {
    const selected = { ...(name !== undefined && { name }), ...(label !== undefined && { label }) }
    const selection = selectionOf(selected)
    const key = keyOf(selected)
    if (!this.#running.has(key) && this.#running.size >= mostSelections)
      throw new Problem(
        'conflict',
        `Expected at most ${mostSelections} selections a socket, got one more.`,
        selected,
      )
    this.remove(selected)
    const abort = new AbortController()
    const running: Running = {
      selected,
      search: undefined,
      over: new Set(),
      filter: filterOf(filter),
      signal: abort.signal,
      abort: () => abort.abort(),
    }
    this.#running.set(key, running)
    void this.#run(running, selection, since, lowerCased(seen))
  }

  remove(selected: Selected): void {
    const key = keyOf(selected)
    const running = this.#running.get(key)
    if (running === undefined) return
    this.#running.delete(key)
    this.#end(running)
  }

  close(): void {
    for (const { abort } of this.#running.values()) abort()
    this.#running.clear()
  }

  /** Of each job something is sent before the next is looked for: so what was reached has been told, and a slow reader is one that asks seldom. */
  async #run(
    running: Running,
    selection: Selection,
    since: number | undefined,
    seen: ReadonlyMap<string, number>,
  ): Promise<void> {
    const { engine, subscriptions, tell } = this.options
    const { selected, signal } = running
    let told = -1
    try {
      running.search = engine.select(selection, {
        since,
        seen,
        signal,
        found: (id, after, job) => this.#join(running, { id, after, job }),
        listed: (job) => this.#join(running, { id: job.id, after: undefined, job }),
        revived: (job, at) => subscriptions.revive(job, at, running),
        reached: async (number) => {
          if (number > told) await this.#tellReached(running, number)
          told = number
        },
      })
      await running.search.done
    } catch (error) {
      if (signal.aborted) return
      this.remove(selected)
      tell(error, selected)
    }
  }

  /** Each job is told once: one that another selection is still to find whole does not begin with a snapshot. */
  #join(running: Running, { id, after, job }: Found): Promise<void> {
    const heirs: Running[] = []
    let from = after
    for (const other of this.#running.values()) {
      const wanted = other === running ? undefined : other.search?.wants(id, job)
      if (wanted === undefined) continue
      heirs.push(other)
      if (after === undefined) from = Math.min(wanted, from ?? wanted)
    }
    return this.options.subscriptions.join({ job: id, after: from, cause: running, heirs })
  }

  async #tellReached(running: Running, since: number): Promise<void> {
    const event: SelectionEvent = { type: 'selection', ...running.selected, since }
    await this.options.outbox.send(running, JSON.stringify(event))
  }

  #end(running: Running): void {
    running.abort()
    this.options.outbox.withdraw(running)
    this.options.subscriptions.leave(running)
  }
}

const keyOf = ({ name, label }: Selected): string => JSON.stringify([name ?? null, label ?? null])

const selectionOf = ({ name, label }: Selected): Selection => {
  if (name !== undefined) return { name, label: label === undefined ? undefined : readLabel(label) }
  if (label !== undefined) return { label: readLabel(label) }
  throw new Problem('invalid', 'Expected "name", "label" or both, got neither.')
}

/** Ids may be written either way. */
const lowerCased = (seen: Readonly<Record<string, number>> = {}): ReadonlyMap<string, number> =>
  new Map(Object.entries(seen).map(([job, seq]) => [job.toLowerCase(), seq]))
