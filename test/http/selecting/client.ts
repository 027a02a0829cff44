import { expect } from 'bun:test'
import type {
  ErrorEvent,
  JobEvent,
  SelectionEvent,
  ServerMessage,
  TaskChangeView,
  TasksEvent,
} from '../../../src/job/events.ts'
import { hasEnded } from '../../../src/job/state.ts'
import type { JobView } from '../../../src/job/wire.ts'

/** What a client knows of one job. */
export interface Known {
  /** What it knows is everything past this seq. */
  after: number
  seq: number
  tasks: Map<number, TaskChangeView>
  job: JobView | undefined
  /** The seqs of the ends that it was told of. */
  ends: number[]
  /** Whether a `selection` has come after its first message. */
  counted: boolean
}

export interface Selected {
  name?: string
  label?: string
}

/**
 * A client that follows a selection over as many connections as it takes, and fails as soon as a message is not what was
 * promised: in order on a connection, no change twice, no end twice ever.
 */
export class SelectingClient {
  readonly jobs = new Map<string, Known>()
  readonly gone = new Set<string>()
  readonly errors: ErrorEvent[] = []
  /** The first position that it was told: jobs past it are new to it, and told whole. */
  first: number | undefined
  since: number | undefined
  /** The last seq of each job on this connection. */
  #connection = new Map<string, number>()

  constructor(
    readonly selected: Selected,
    /** Goes on naming jobs whose end it has seen: those may go on after that. */
    readonly keepsEnded = false,
  ) {}

  /** To be sent over a new connection. */
  subscribe(): object {
    this.#connection = new Map()
    const seen = Object.fromEntries([...this.jobs].filter(this.#isNamed).map(([id, { seq }]) => [id, seq]))
    const { since } = this
    return { type: 'subscribe', ...this.selected, ...(since !== undefined && { since }), seen }
  }

  take(message: ServerMessage): void {
    if (message.type === 'job') this.#takeJob(message)
    else if (message.type === 'tasks') this.#takeTasks(message)
    else if (message.type === 'selection') this.#count(message)
    else if (message.type === 'error') this.#lose(message)
  }

  #isNamed = ([, { job, counted }]: [string, Known]): boolean =>
    this.keepsEnded || !counted || job === undefined || !hasEnded(job.state)

  #takeJob({ job: id, seq, data }: JobEvent): void {
    const known = this.#know(id, seq)
    expect(seq).toBeGreaterThanOrEqual(this.#connection.get(id) ?? 0)
    expect(data).toMatchObject({ id, seq })
    if (hasEnded(data.state)) {
      expect(known.ends).not.toContain(seq)
      known.ends.push(seq)
    }
    this.#connection.set(id, seq)
    Object.assign(known, { seq, job: data })
  }

  #takeTasks({ job: id, data }: TasksEvent): void {
    const first = data[0]?.seq ?? 0
    const known = this.#know(id, first - 1)
    for (const change of data) {
      expect(change.seq).toBeGreaterThan(Math.max(known.seq, this.#connection.get(id) ?? 0))
      this.#connection.set(id, change.seq)
      known.seq = change.seq
      known.tasks.set(change.index, change)
    }
  }

  #count({ name, label, since }: SelectionEvent): void {
    if (name !== this.selected.name || label !== this.selected.label) return
    expect(since).toBeGreaterThanOrEqual(this.since ?? 0)
    this.first ??= since
    this.since = since
    for (const known of this.jobs.values()) known.counted = true
  }

  /** A job that it follows was deleted. */
  #lose(error: ErrorEvent): void {
    this.errors.push(error)
    if (error.code !== 'not_found' || error.job === undefined) return
    expect(this.jobs.has(error.job)).toBe(true)
    this.jobs.delete(error.job)
    this.gone.add(error.job)
  }

  #know(id: string, after: number): Known {
    const known: Known = this.jobs.get(id) ?? {
      after,
      seq: after,
      tasks: new Map(),
      job: undefined,
      ends: [],
      counted: false,
    }
    this.jobs.set(id, known)
    return known
  }
}
