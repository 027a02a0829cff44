import type { FollowEvent, TasksEvent } from '../../job/events.ts'

/**
 * How far one reader is in what happens to a job. After a reconnect the server may tell it again what it knows, and a
 * subscription that it shares with a reader further back will: what was seen is taken out, so each change comes once.
 */
export class Position {
  #seen: number | undefined
  /** The seq of the latest snapshot: one that was committed with tasks has the same seq as the last of them. */
  #shown = -1

  /** `after` is the last seq that was seen; without it, the reader begins at a snapshot. */
  constructor(after: number | undefined) {
    this.#seen = after
  }

  /** The last seq that was seen: where to resume. Undefined before the snapshot. */
  get seen(): number | undefined {
    return this.#seen
  }

  /** What of an event is new, or undefined if nothing is. */
  take(event: FollowEvent): FollowEvent | undefined {
    switch (event.type) {
      case 'job':
        if (event.seq <= this.#shown) return undefined
        this.#shown = event.seq
        this.#seen = Math.max(this.#seen ?? 0, event.seq)
        return event
      case 'tasks':
        return this.#takeTasks(event)
      case 'progress':
        return this.#seen === undefined ? undefined : event
      default:
        return event satisfies never
    }
  }

  #takeTasks(event: TasksEvent): TasksEvent | undefined {
    const { seq, data } = event
    const seen = this.#seen
    if (seen === undefined || seq <= seen) return undefined
    this.#seen = seq
    const fresh = data.filter((task) => task.seq > seen)
    return fresh.length === data.length ? event : { ...event, data: fresh }
  }
}
