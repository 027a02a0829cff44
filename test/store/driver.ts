import { expect } from 'bun:test'
import type { Failure } from '../../src/job/errors.ts'
import type { Gate, QueueRecord } from '../../src/store/flow.ts'
import type {
  Acted,
  Action,
  AttemptResult,
  Batch,
  Changes,
  Claim,
  Committed,
  JobRecord,
  Settlement,
  Store,
  Submitted,
  TaskChange,
  TaskRecord,
  WholeTaskRecord,
} from '../../src/store/store.ts'
import { type JobFields, newJob, newTask } from '../support/jobs.ts'

export const succeeded: AttemptResult = { type: 'succeeded', output: '{"ok":true}' }
export const broken: Failure = { code: 'unexpected_status', message: 'Expected a status of 200, got 500.' }
export const failed: AttemptResult = { type: 'failed', error: broken }

/** More than any test submits. */
const everything = 1_000_000

/** A store and a time of its own: what an engine would do, one step a call. */
export class Driver {
  now = 1_000_000

  constructor(
    public store: Store,
    /** Opens what the store keeps once more. */
    readonly open?: () => Promise<Store>,
  ) {}

  /** What a restart does to the store. */
  async reopen(): Promise<void> {
    if (this.open === undefined) throw new Error('Expected a way to open the store again')
    await this.store.close()
    this.store = await this.open()
  }

  commit(batch: Partial<Batch> = {}): Promise<Committed> {
    return this.store.commit({ submissions: [], settlements: [], actions: [], claim: 0, ...batch }, this.now)
  }

  async submit(fields: JobFields = {}): Promise<JobRecord> {
    const { submitted } = await this.commit({ submissions: [newJob(fields)] })
    const [first] = submitted
    if (first?.type !== 'created') throw new Error(`Expected a new job, got ${first?.type}`)
    return first.job
  }

  /** What comes of a submission. */
  async offer(fields: JobFields, mostWaiting?: number): Promise<Submitted> {
    return one((await this.commit({ submissions: [newJob(fields)], mostWaiting })).submitted)
  }

  async claim(limit = everything): Promise<Claim[]> {
    return (await this.commit({ claim: limit })).claimed
  }

  /** Claims the one task that is due. */
  async claimOne(): Promise<Claim> {
    return one(await this.claim())
  }

  /** The end of one attempt; whether it was still held. */
  async settle(claim: Claim, result: AttemptResult): Promise<boolean> {
    return one((await this.commit({ settlements: [{ claim, result }] })).settled)
  }

  async act(type: Action['type'], { id }: { id: string }): Promise<Acted> {
    return one((await this.commit({ actions: [{ type, job: id }] })).acted)
  }

  /** Claims and settles until nothing is due and no step is left. */
  async runAll(result: AttemptResult = succeeded): Promise<void> {
    let settlements: Settlement[] = []
    for (;;) {
      const { claimed, unfinished } = await this.commit({ settlements, claim: everything })
      if (claimed.length === 0 && !unfinished) return
      settlements = claimed.map((claim) => ({ claim, result }))
    }
  }

  /** Commits until no step of a long work is left; returns how many commits that took. */
  async sweep(): Promise<number> {
    for (let commits = 1; ; commits += 1) if (!(await this.commit()).unfinished) return commits
  }

  /** The job as it is now. */
  async job({ id }: { id: string }): Promise<JobRecord> {
    const job = await this.store.job(id)
    if (job === undefined) throw new Error(`Expected job ${id} to exist`)
    return job
  }

  async task(job: JobRecord, index = 0): Promise<WholeTaskRecord> {
    const task = await this.store.task(job, { index })
    if (task === undefined) throw new Error(`Expected task ${index} to exist`)
    return task
  }

  /** Every task, whole, in input order. */
  async tasks(job: { id: string }): Promise<WholeTaskRecord[]> {
    const record = await this.job(job)
    const { data } = await this.store.tasks(record, { limit: everything })
    return Promise.all(
      data.map(async (listed) => {
        const task = await this.task(record, listed.index)
        expect(task).toEqual({ ...listed, input: task.input, options: task.options })
        return task
      }),
    )
  }

  async states(job: { id: string }): Promise<string[]> {
    return (await this.tasks(job)).map(({ state }) => state)
  }

  /** What waits in each queue. */
  queues(): Promise<QueueRecord[]> {
    return this.store.queues({ limit: everything })
  }

  /** The whole log from `after` on. */
  async log({ id }: { id: string }, after = 0): Promise<Changes> {
    const changes = await this.store.changes(id, after, everything)
    if (changes === undefined) throw new Error(`Expected job ${id} to have a log`)
    return changes
  }
}

/** A gate with so much room for each queue that is named, and any for the others. */
export const gateOf = (rooms: Readonly<Record<string, number>>): Gate => ({
  room: (queue) => rooms[queue] ?? Number.POSITIVE_INFINITY,
  bucketMs: () => undefined,
})

/** So many plain tasks of one queue. */
export const inQueue = (queue: string, count: number) =>
  Array.from({ length: count }, () => newTask({ queue }))

/** A gate that closes one queue, and what it was asked. */
export const closing = (closed: string): { gate: Gate; asked: string[] } => {
  const asked: string[] = []
  const { room, bucketMs } = gateOf({ [closed]: 0 })
  return {
    gate: {
      room: (queue) => {
        asked.push(queue)
        return room(queue)
      },
      bucketMs,
    },
    asked,
  }
}

export const one = <T>(items: readonly T[]): T => {
  const [item] = items
  if (item === undefined || items.length > 1) throw new Error(`Expected one item, got ${items.length}`)
  return item
}

export const indexesOf = (items: readonly { index: number }[]): number[] => items.map(({ index }) => index)

/** The latest change of each task, by index. */
export const fold = (changes: Iterable<TaskChange>, from: ReadonlyMap<number, TaskChange> = new Map()) => {
  const folded = new Map(from)
  for (const change of changes) folded.set(change.index, change)
  return folded
}

/** What the log says of a task has to be what its row says. */
export const expectLogMatchesRows = (changes: Iterable<TaskChange>, rows: readonly TaskRecord[]): void => {
  const folded = fold(changes)
  for (const row of rows) {
    const { index, key, state, attempt, seq, output, error } = row
    if (seq === 0) expect(folded.has(index)).toBe(false)
    else expect(folded.get(index)).toMatchObject({ index, key, state, attempt, seq, output, error })
  }
}
