import type { OpenJob } from './rows.ts'
import type { lanes } from './schema.ts'
import type { Statements } from './statements/index.ts'

export type Lane = typeof lanes.$inferSelect

interface Waiting {
  queued: number
  blocked: number
}

/** The lanes that one transaction touches, and how many more or fewer tasks wait in each queue because of it. */
export class Lanes {
  /** By job, then by queue; a lane that was not read yet is undefined. */
  #touched = new Map<number, Map<number, Lane | undefined>>()
  #counts = new Map<number, Waiting>()

  constructor(
    readonly statements: Statements,
    readonly now: number,
  ) {}

  /** Says that a task of the lane has come, gone or changed its time: the lane is placed anew when its job is saved. */
  touch(job: number, queue: number): void {
    const ofJob = this.#ofJob(job)
    if (!ofJob.has(queue)) ofJob.set(queue, undefined)
  }

  /** The same for a lane that was read, and changed. */
  change(lane: Lane): void {
    this.#ofJob(lane.job).set(lane.queue, lane)
  }

  /** Writes a lane of a new job, the first of whose tasks is due at that time. */
  create(job: number, queue: number, dueAt: number): void {
    const ready = dueAt <= this.now
    this.statements.saveLane.run({ ...newLane, job, queue, dueAt, ready })
  }

  count(queue: number, state: 'queued' | 'blocked', by: number): void {
    const counts = this.#counts.get(queue) ?? { queued: 0, blocked: 0 }
    this.#counts.set(queue, counts)
    counts[state] += by
  }

  /** Writes the lanes of a job that were touched. */
  place(job: OpenJob): void {
    const touched = this.#touched.get(job.number)
    if (touched === undefined) return
    this.#touched.delete(job.number)
    if (job.counts.queued === 0) this.statements.deleteLanes.run({ job: job.number })
    else for (const [queue, lane] of touched) this.#write(job.number, queue, lane)
  }

  isReady(job: number): boolean {
    return this.statements.lanesInTurn.get({ job, limit: 1 }) !== undefined
  }

  /** Writes how many tasks wait in each queue. To be called once, when nothing else will happen. */
  save(): void {
    for (const [number, { queued, blocked }] of this.#counts)
      if (queued !== 0 || blocked !== 0) this.statements.countQueue.run({ number, queued, blocked })
  }

  #write(job: number, queue: number, known: Lane | undefined): void {
    const dueAt = this.statements.nextDue.get({ job, queue })?.runAt
    if (dueAt === undefined) {
      this.statements.deleteLane.run({ job, queue })
      return
    }
    const lane = known ?? this.statements.lane.get({ job, queue }) ?? newLane
    const due = dueAt <= this.now
    const parked = due && lane.parked
    const { turn, pass } = lane
    this.statements.saveLane.run({ job, queue, dueAt, ready: due && !parked, parked, turn, pass })
  }

  #ofJob(job: number): Map<number, Lane | undefined> {
    const ofJob = this.#touched.get(job) ?? new Map<number, Lane | undefined>()
    this.#touched.set(job, ofJob)
    return ofJob
  }
}

const newLane = { parked: false, turn: 0, pass: 0 }
