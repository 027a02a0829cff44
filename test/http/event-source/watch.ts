import type { FollowEvent, TaskChangeView } from '../../../src/job/events.ts'
import { hasEnded } from '../../../src/job/state.ts'

export const types = ['job', 'tasks', 'progress'] as const

/** What an EventSource tells a page. */
export type Note =
  | { type: 'open' }
  /** With its `readyState`: 0 when it connects again by itself, 2 when it has given up. */
  | { type: 'error'; state: number }
  | { type: (typeof types)[number]; id: string; data: string }

/** Everything that one EventSource has told. */
export class Watch {
  readonly notes: Note[] = []
  #changed = Promise.withResolvers<void>()

  /** An arrow, to be handed to a page. */
  readonly note = (note: Note): void => {
    this.notes.push(note)
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  async until(fits: (watch: this) => boolean): Promise<this> {
    while (!fits(this)) await this.#changed.promise
    return this
  }

  /** Resolves when it has given up. */
  closed(): Promise<this> {
    return this.until(({ notes }) => notes.some((note) => note.type === 'error' && note.state === 2))
  }

  /** Resolves when it has heard that the job has ended. */
  over(): Promise<this> {
    return this.until(({ events }) =>
      events.some(({ type, data }) => type === 'job' && data.finishedAt !== null),
    )
  }

  /** How often it was connected. */
  get opened(): number {
    return this.notes.filter(({ type }) => type === 'open').length
  }

  get events(): FollowEvent[] {
    return this.notes.flatMap((note) => ('data' in note ? [JSON.parse(note.data)] : []))
  }

  /** Every change of a task, in the order they came. */
  get changes(): TaskChangeView[] {
    return this.events.flatMap((event) => (event.type === 'tasks' ? event.data : []))
  }

  /** The tasks whose end it was told of, as often as it was told. */
  get ended(): number[] {
    return this.changes.filter(({ state }) => hasEnded(state)).map(({ index }) => index)
  }

  /** The latest change of each task, by index. Throws where a seq does not rise from one change to the next. */
  get fold(): TaskChangeView[] {
    const latest: TaskChangeView[] = []
    let seq = 0
    for (const change of this.changes) {
      if (change.seq <= seq)
        throw new Error(`Task ${change.index} was told of with seq ${change.seq} after ${seq}`)
      seq = change.seq
      latest[change.index] = change
    }
    return latest
  }
}
