import { expect } from 'bun:test'
import { FormatRegistry, type TSchema } from '@sinclair/typebox'
import { mostTasks } from '../../../src/engine/frame.ts'
import type { Told } from '../../../src/engine/told.ts'
import { accepts } from '../../../src/job/check.ts'
import {
  JobEvent,
  largestEventOutput,
  ProgressEvent,
  type TaskChangeView,
  TasksEvent,
} from '../../../src/job/events.ts'
import { hasEnded } from '../../../src/job/state.ts'
import type { JobView } from '../../../src/job/wire.ts'
import type { Store, TaskRecord } from '../../../src/store/store.ts'

const formats: Record<string, RegExp> = {
  // As Elysia has it, which registers its own in the same place.
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
}
for (const [name, pattern] of Object.entries(formats))
  if (!FormatRegistry.Has(name)) FormatRegistry.Set(name, (text) => pattern.test(text))

/** The value, which must be as its schema says. */
export const accepted = <T extends TSchema>(schema: T, value: unknown) => {
  if (!accepts(schema, value))
    throw new Error(`Not as its schema says: ${JSON.stringify(value).slice(0, 1_000)}`)
  return value
}

export const parseAs = <T extends TSchema>(schema: T, text: string) => accepted(schema, JSON.parse(text))

/**
 * What a reader makes of the frames that it is sent, over as many subscriptions as it takes: the latest of each task, and
 * of the job. Fails as soon as a frame is not what was promised: valid, in order, no change twice.
 */
export class Fold {
  readonly tasks = new Map<number, TaskChangeView>()
  job: JobView | undefined
  /** How many frames said that they were the last. */
  lasts = 0
  frames = 0

  /** @param seq where it subscribed, or undefined to begin with a snapshot of now. */
  constructor(public seq: number | undefined) {}

  take(frame: Told): void {
    this.frames += 1
    if (frame.type === 'progress') void parseAs(ProgressEvent, frame.text)
    else if (frame.type === 'tasks') this.#takeTasks(parseAs(TasksEvent, frame.text), frame)
    else this.#takeJob(parseAs(JobEvent, frame.text), frame)
  }

  #takeTasks(event: TasksEvent, frame: Told): void {
    expect(event.job).toBe(frame.job)
    expect(event.data.length).toBeGreaterThan(0)
    expect(event.data.length).toBeLessThanOrEqual(mostTasks)
    const last = event.data.at(-1)?.seq ?? 0
    for (const change of event.data) {
      if (this.seq !== undefined && change.seq <= this.seq)
        throw new Error(`Task ${change.index} came with seq ${change.seq} after ${this.seq}`)
      this.seq = change.seq
      this.tasks.set(change.index, change)
    }
    expect({ seq: event.seq, of: frame.seq, last: frame.last }).toEqual({ seq: last, of: last, last: false })
  }

  #takeJob(event: JobEvent, frame: Told): void {
    expect(event.seq).toBeGreaterThanOrEqual(this.seq ?? 0)
    expect([event.data.seq, frame.seq]).toEqual([event.seq, event.seq])
    expect(event.data.id).toBe(event.job)
    expect(frame.last).toBe(hasEnded(event.data.state))
    this.seq = event.seq
    this.job = event.data
    if (frame.last) this.lasts += 1
  }
}

/** Reads one subscription to its end. */
export const readAll = async (frames: AsyncIterable<Told>, fold: Fold): Promise<Fold> => {
  for await (const frame of frames) fold.take(frame)
  return fold
}

/** Fails unless the reader, who joined at `after`, knows exactly what the store knows of everything since. */
export const expectSame = async (fold: Fold, store: Store, id: string, after: number): Promise<void> => {
  const job = await store.job(id)
  if (job === undefined) throw new Error(`There is no job ${id}`)
  const { data } = await store.tasks(job, { limit: 1_000_000 })
  const since = data.filter(({ seq }) => seq > after)
  expect([...fold.tasks.values()].sort((a, b) => a.index - b.index)).toEqual(since.map(changeOf))
  expect(fold.seq).toBe(job.seq)
  expect(fold.job).toMatchObject({ state: job.state, seq: job.seq, counts: job.counts })
}

/** The latest change of a task that has ended, as a reader sees it. */
export const changeOf = (task: TaskRecord): TaskChangeView => {
  const { index, key, state, attempt, seq, output, error } = task
  const bytes = output === undefined ? 0 : Buffer.byteLength(output)
  return {
    index,
    ...(key !== undefined && { key }),
    state,
    attempt,
    seq,
    ...(bytes > largestEventOutput
      ? { outputBytes: bytes }
      : output !== undefined && { output: JSON.parse(output) as unknown }),
    ...(error !== undefined && { error: JSON.parse(error) as NonNullable<TaskChangeView['error']> }),
  }
}
