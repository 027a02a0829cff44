import { expect } from 'bun:test'
import type { Engine } from '../../src/engine/engine.ts'
import { type Follow, type Told, told } from '../../src/engine/told.ts'
import { Problem } from '../../src/job/errors.ts'
import type { JobView } from '../../src/job/wire.ts'
import type { TaskRecord } from '../../src/store/store.ts'
import { isOver, type Job } from './job.ts'

interface Change {
  index: number
  state: TaskRecord['state']
  attempt: number
  seq: number
  output?: unknown
  error?: { code: string }
}

/** Follows a job from some seq on, reads whatever comes at once, and comes back where it was when it was cut off. */
export class Reader {
  readonly tasks = new Map<number, Change>()
  /** How many ends of each task it was told of. */
  readonly ends = new Map<number, number>()
  view: JobView | undefined
  /** Whether its subscription is over, and whether because the job was. */
  isDone = true
  isLast = false
  /** What was wrong with what it was told. */
  flaw: unknown
  #seq: number
  #abort = new AbortController()

  constructor(
    readonly job: string,
    readonly after: number,
  ) {
    this.#seq = after
  }

  get seq(): number {
    return this.#seq
  }

  join(engine: Engine): void {
    this.#abort = new AbortController()
    this.isDone = false
    this.isLast = false
    const { signal } = this.#abort
    const read = async () => {
      const follow: Follow = (reader) => engine.follow(this.job, { after: this.#seq }, reader)
      for await (const frame of told(follow, signal)) {
        if (signal.aborted) return
        this.#take(frame)
      }
      if (!signal.aborted) this.isDone = true
    }
    read().catch((error) => {
      // A job may go while it is followed; one that is there when it is checked has told its end.
      if (error instanceof Problem && error.code === 'not_found') this.isDone = true
      else this.flaw ??= error
    })
  }

  leave(): void {
    this.isDone = true
    this.#abort.abort()
  }

  #take(frame: Told): void {
    expect(this.isLast).toBe(false)
    const event = JSON.parse(frame.text) as { seq: number; data: unknown }
    if (frame.type === 'job') {
      expect(event.seq).toBeGreaterThanOrEqual(this.#seq)
      this.#seq = event.seq
      this.view = event.data as JobView
      this.isLast = frame.last
      expect(frame.last).toBe(isOver(this.view.state))
    } else for (const change of event.data as Change[]) this.#note(change)
  }

  #note(change: Change): void {
    const before = this.tasks.get(change.index)
    if (change.seq <= this.#seq)
      throw new Error(`t${change.index} came with seq ${change.seq} after ${this.#seq}`)
    if (before?.state === 'succeeded') throw new Error(`t${change.index} came again after it had succeeded`)
    if (before && change.attempt < before.attempt)
      throw new Error(`t${change.index} came with an earlier attempt`)
    this.#seq = change.seq
    this.tasks.set(change.index, change)
    if (isOver(change.state)) this.ends.set(change.index, (this.ends.get(change.index) ?? 0) + 1)
  }

  /** Fails unless it knows what there is to know. */
  check(job: Job, seq: number, rows: readonly TaskRecord[]): void {
    if (this.flaw !== undefined) throw this.flaw
    const known = [...this.tasks.values()].sort((a, b) => a.index - b.index).map(gist)
    const wanted = rows.filter(({ seq }) => seq > this.after).map(gistOf)
    if (!Bun.deepEquals(known, wanted)) expect(known).toEqual(wanted)
    const told = { seq: this.#seq, state: this.view?.state, outcome: this.view?.outcome, last: this.isLast }
    const due = { seq, state: job.state, outcome: job.outcome, last: isOver(job.state) }
    if (!Bun.deepEquals(told, due)) expect(told).toEqual(due)
    if (this.view?.seq === seq) expect(this.view.counts.running).toBe(job.count('running'))
    for (const { index, ends } of job.tasks) expect(this.ends.get(index) ?? 0).toBeLessThanOrEqual(ends)
  }
}

const gist = ({ index, state, attempt, seq, output, error }: Change) => ({
  index,
  state,
  attempt,
  seq,
  output: output === undefined ? undefined : JSON.stringify(output),
  code: isOver(state) ? error?.code : undefined,
})

const gistOf = ({ index, state, attempt, seq, output, error }: TaskRecord) => ({
  index,
  state,
  attempt,
  seq,
  output,
  code: isOver(state) && error !== undefined ? (JSON.parse(error) as { code: string }).code : undefined,
})
