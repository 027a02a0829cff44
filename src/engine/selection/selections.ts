import { isSelected, type Label, type Selection } from '../../job/selection.ts'
import type { JobChange, JobRecord } from '../../store/store.ts'
import { Arrivals, type OnRevived } from './arrivals.ts'

/**
 * Who selects jobs, by what they select: a job asks only for its own name and labels, so it costs as many steps as there
 * are selections that it is in, and none while nobody selects.
 */
export class Selections {
  #byName = new Map<string, Set<Arrivals>>()
  #byLabel = new Map<string, Set<Arrivals>>()
  #closed = false

  join(selection: Selection, onRevived: OnRevived): Arrivals {
    const arrivals = new Arrivals(selection, onRevived)
    if (this.#closed) arrivals.close()
    const [map, key] = this.#placeOf(selection)
    map.set(key, (map.get(key) ?? new Set()).add(arrivals))
    return arrivals
  }

  leave(arrivals: Arrivals): void {
    const [map, key] = this.#placeOf(arrivals.selection)
    const those = map.get(key)
    those?.delete(arrivals)
    if (those?.size === 0) map.delete(key)
  }

  /** To be called after the commit, and only then. */
  publish(changes: readonly JobChange[]): void {
    if (this.size === 0) return
    for (const change of changes)
      if ((change.since === 0 || change.revived) && !change.deleted) this.#tell(change)
  }

  /** Ends every selection, and every one that comes later: the server stops. */
  close(): void {
    this.#closed = true
    for (const map of [this.#byName, this.#byLabel])
      for (const those of map.values()) for (const arrivals of those) arrivals.close()
  }

  /** How many names and labels are selected. */
  get size(): number {
    return this.#byName.size + this.#byLabel.size
  }

  #tell(change: JobChange): void {
    for (const those of this.#setsOf(change.job))
      for (const arrivals of those) if (isSelected(arrivals.selection, change.job)) arrivals.put(change)
  }

  #setsOf({ name, labels }: JobRecord): Set<Arrivals>[] {
    const named = name === undefined ? undefined : this.#byName.get(name)
    const labelled =
      this.#byLabel.size === 0 ? [] : Object.entries(labels).map((label) => this.#byLabel.get(keyOf(label)))
    return [named, ...labelled].filter((those) => those !== undefined)
  }

  /** A selection of a name and a label is found by its name. */
  #placeOf({ name, label }: Selection): [Map<string, Set<Arrivals>>, string] {
    return name === undefined ? [this.#byLabel, keyOf(label)] : [this.#byName, name]
  }
}

/** The name of a label holds no colon. */
const keyOf = ([name, value]: Label): string => `${name}:${value}`
