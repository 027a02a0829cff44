import { expect } from 'bun:test'
import type { Mode } from '../../../src/job/modes.ts'
import type {
  Action,
  AttemptResult,
  Batch,
  Claim,
  Committed,
  JobRecord,
  NewJob,
  Settlement,
  TaskChange,
} from '../../../src/store/store.ts'
import { newJob } from '../../support/jobs.ts'
import { broken, type Driver, expectLogMatchesRows, fold, gateOf } from '../driver.ts'
import { checkDependencies, checkJob, checkMoves, type Moment, queuesOf, recordOf } from './invariants.ts'

export const queueNames = ['a', 'b', 'c'] as const

/** One batch, or a rescue. Numbers pick among what there is by then. */
export interface Step {
  advance: number
  rescue: boolean
  submissions: {
    mode: Mode
    tasks: number
    /** A bit for each pair of tasks: whether the later comes after the earlier, and whether however that ends. */
    edges: number
    anyhow: number
    concurrency: number
    timeoutMs: number
    keepMs: number
    priority: number
    /** When the job is to start, and each of its tasks, from now on. */
    runAfter: number
    delays: number[]
    /** The place of each task's queue among the names. */
    queues: number[]
    owner: string
    /** How many tasks of the owner may wait beyond those that do. */
    slack: number
  }[]
  settlements: { at: number; result: AttemptResult['type']; delay: number }[]
  actions: { at: number; type: Action['type'] }[]
  claim: number
  /** How much room each queue has. */
  rooms: number[]
  /** How many tasks may wait in all, beyond those that do. */
  slack: number
}

interface Seen extends Moment {
  /** What commits told, folded. */
  told: ReadonlyMap<number, TaskChange>
}

/** A store beside what was seen of it so far. */
export class Model {
  readonly #jobs = new Map<string, Seen>()
  readonly #asked = new Map<string, NewJob>()
  /** Every claim there ever was, the newest last: most of them are stale. */
  readonly #claims: Claim[] = []
  /** Jobs of which tasks were revived, and may run before the time that was asked for. */
  readonly #revived = new Set<string>()
  /** Queues that were reported as parked and not as drained: what an engine remembers. */
  #parked = new Set<string>()

  constructor(readonly s: Driver) {}

  async take(step: Step): Promise<void> {
    this.s.now += step.advance
    if (step.rescue) {
      await this.s.store.rescue(this.s.now, 1)
      this.#parked.clear()
      await this.#look(undefined, new Set())
      return
    }
    const submissions = step.submissions.map((asked) =>
      submissionOf(asked, this.s.now, this.#waiting(asked.owner)),
    )
    for (const asked of submissions) this.#asked.set(asked.id, asked)
    const settlements = this.#claims.length === 0 ? [] : step.settlements.map((one) => this.#settlement(one))
    const ids = [...this.#jobs.keys()]
    const actions = ids.length === 0 ? [] : step.actions.map(({ at, type }) => ({ type, job: pick(ids, at) }))
    const held = this.#held(settlements)
    const mostWaiting = this.#waiting() + step.slack
    const admitted = submissions.map((asked) => this.#admission(asked, mostWaiting))
    const work = { submissions, settlements, actions, mostWaiting }
    const { committed, left } = await this.#commit(work, step.claim, step.rooms)

    expect(committed.submitted).toMatchObject(admitted)
    expect(committed.settled).toEqual(held)
    const done = actions.filter(({ type }, i) => type === 'retry' && committed.acted[i]?.type === 'done')
    const retried = new Set(done.map(({ job }) => job))
    for (const job of retried) this.#revived.add(job)
    this.#checkClaims(committed.claimed)
    await this.#look(committed, retried)
    if (!committed.unfinished) await this.#settleDown(committed, step.claim, left)
  }

  /** Opens every queue, and takes what can be claimed then: nothing that is due was forgotten. */
  async finish(): Promise<void> {
    const rooms = queueNames.map(() => Number.POSITIVE_INFINITY)
    const { committed, left } = await this.#commit({}, 1_000, rooms)
    this.#checkClaims(committed.claimed)
    await this.#look(committed, new Set())
    await this.#settleDown(committed, 1_000, left)
    expect(this.#parked).toEqual(new Set())
  }

  /** Commits again while something may be parked for which there is room by now: a job may have had room for one of its queues only. */
  async #settleDown(committed: Committed, claim: number, left: Map<string, number>): Promise<void> {
    const free = claim - committed.claimed.length
    const again = free > 0 && [...this.#parked].some((name) => (left.get(name) ?? 0) > 0)
    if (again) {
      const next = await this.#commit(
        {},
        free,
        queueNames.map((name) => left.get(name) ?? 0),
      )
      this.#checkClaims(next.committed.claimed)
      await this.#look(next.committed, new Set())
      expect(next.committed.claimed.length + next.committed.drained.length).toBeGreaterThan(0)
      await this.#settleDown(next.committed, free, next.left)
      return
    }
    if (free > 0) this.#checkNothingWaits(left)
    expect(committed.wakeAt).toBe(this.#wakeAt())
  }

  /** Commits as an engine would, and says how much room is left then. */
  async #commit(work: Partial<Batch>, claim: number, rooms: readonly number[]) {
    const left = new Map(queueNames.map((name, i) => [name as string, rooms[i] ?? 0]))
    const opened = [...this.#parked].filter((name) => (left.get(name) ?? 0) > 0)
    const gate = gateOf(Object.fromEntries(left))
    const committed = await this.s.commit({ ...work, claim, gate, opened })
    for (const { queue } of committed.claimed) left.set(queue, (left.get(queue) ?? 0) - 1)
    for (const room of left.values()) expect(room).toBeGreaterThanOrEqual(0)
    for (const queue of committed.drained) expect(opened).toContain(queue)
    // In this order: a queue may be drained, and what is due in it parked again in the same commit.
    this.#parked = this.#parked.difference(new Set(committed.drained)).union(new Set(committed.parked))
    return { committed, left }
  }

  /** How many tasks wait: of an owner, or in all. */
  #waiting(owner?: string): number {
    const jobs = [...this.#jobs].filter(
      ([id]) => owner === undefined || this.#asked.get(id)?.owner?.id === owner,
    )
    return jobs.reduce((sum, [, { job }]) => sum + job.counts.queued + job.counts.blocked, 0)
  }

  /** What has to come of the one submission of a step. */
  #admission({ id, owner, tasks }: NewJob, most: number): object {
    const all = this.#waiting()
    if (all + tasks.length > most) return { type: 'full', of: 'server', waiting: all, most }
    const waiting = this.#waiting(owner?.id)
    const allowed = owner?.mostWaiting ?? Number.POSITIVE_INFINITY
    if (waiting + tasks.length > allowed) return { type: 'full', of: 'owner', waiting, most: allowed }
    return { type: 'created', job: { id } }
  }

  #settlement({ at, result, delay }: Step['settlements'][number]): Settlement {
    // Mostly one of the latest, which may still be held.
    const recent = at % 4 === 0 ? this.#claims : this.#claims.slice(-6)
    return { claim: pick(recent, at >> 2), result: resultOf(result, this.s.now + delay) }
  }

  /** Whether each attempt is still held: it runs, under that number, and is not settled earlier in the batch. */
  #held(settlements: readonly Settlement[]): boolean[] {
    const settled = new Set<string>()
    return settlements.map(({ claim }) => {
      const row = this.#jobs.get(claim.jobId)?.rows[claim.index]
      const name = nameOf(claim)
      if (row?.state !== 'running' || row.attempt !== claim.attempt || settled.has(name)) return false
      settled.add(name)
      return true
    })
  }

  #checkClaims(claimed: readonly Claim[]): void {
    const names = new Set(this.#claims.map(nameOf))
    for (const claim of claimed) {
      expect(names.has(nameOf(claim))).toBe(false)
      names.add(nameOf(claim))
      this.#claims.push(claim)
      const { runAt = 0, tasks } = this.#asked.get(claim.jobId) ?? {}
      const task = tasks?.[claim.index]
      expect(claim.queue).toBe(task?.queue ?? '')
      if (this.#revived.has(claim.jobId)) continue
      expect(Math.max(runAt, task?.runAt ?? 0)).toBeLessThanOrEqual(this.s.now)
    }
  }

  /** Reads every job, holds it to what it was before, and keeps it for the next step. */
  async #look(committed: Committed | undefined, retried: ReadonlySet<string>): Promise<void> {
    const changes = new Map(committed?.changes.map((change) => [change.job.id, change]))
    for (const id of new Set([...this.#jobs.keys(), ...changes.keys()])) {
      const before = this.#jobs.get(id)
      const change = changes.get(id)
      const job = await this.s.store.job(id)
      expect(job === undefined).toBe(change?.deleted === true)
      if (job === undefined) {
        this.#jobs.delete(id)
        continue
      }
      const { data: rows } = await this.s.store.tasks(job, { limit: 100 })
      const log = (await this.s.log(job)).tasks
      checkJob(job, rows)
      checkDependencies(job, rows, this.#asked.get(id)?.tasks ?? [])
      expectLogMatchesRows(log, rows)
      if (before) checkMoves(before, { job, rows }, retried.has(id))

      let told: ReadonlyMap<number, TaskChange> = fold(log)
      if (change) {
        expect(change.since).toBe(before?.job.seq ?? 0)
        expect(change.job).toEqual(job)
        told = fold(change.tasks, before?.told)
        expect(told).toEqual(fold(log))
      } else if (committed && before) expect(recordOf(job)).toEqual(recordOf(before.job))
      this.#jobs.set(id, { job, rows, told })
    }
    expect(await this.s.queues()).toEqual(queuesOf(this.#jobs.values()))
  }

  /** Claims never leave free room unused. */
  #checkNothingWaits(left: ReadonlyMap<string, number>): void {
    for (const { job, rows } of this.#jobs.values())
      if (mayClaim(job))
        for (const { state, runAt, queue } of rows) {
          if (state !== 'queued' || runAt > this.s.now) continue
          expect(left.get(queue)).toBe(0)
          expect(this.#parked).toContain(queue)
        }
  }

  #wakeAt(): number | undefined {
    const moments: number[] = []
    for (const { job, rows } of this.#jobs.values()) {
      const queued = rows.filter(({ state }) => state === 'queued')
      for (const lane of Map.groupBy(queued, ({ queue }) => queue).values())
        moments.push(Math.min(...lane.map(({ runAt }) => runAt)))
      if (job.runAt !== undefined) moments.push(job.runAt)
      if (job.outcome === undefined && job.deadlineAt !== undefined) moments.push(job.deadlineAt)
      const keepMs = this.#asked.get(job.id)?.keepMs
      if (job.finishedAt !== undefined && keepMs !== undefined) moments.push(job.finishedAt + keepMs)
    }
    const future = moments.filter((at) => at > this.s.now)
    return future.length === 0 ? undefined : Math.min(...future)
  }
}

/** 0 means: not given. */
const submissionOf = (asked: Step['submissions'][number], now: number, waiting: number): NewJob => {
  const { mode, edges, anyhow, owner } = asked
  const hasBit = (mask: number, pair: number) => ((mask >> pair) & 1) === 1
  // The engine never submits a race of no tasks: nothing could decide it.
  const length = mode === 'race' ? Math.max(1, asked.tasks) : asked.tasks
  const tasks = Array.from({ length }, (_, later) => ({
    queue: pick(queueNames, asked.queues[later] ?? 0),
    runAt: now + (asked.delays[later] ?? 0),
    after: Array.from({ length: later }, (_, task) => ({ task, pair: (later * (later - 1)) / 2 + task }))
      .filter(({ pair }) => hasBit(edges, pair))
      .map(({ task, pair }) => ({
        task,
        on: hasBit(anyhow, pair) ? ('ended' as const) : ('succeeded' as const),
      })),
  }))
  return newJob({
    mode,
    tasks,
    priority: asked.priority,
    runAt: asked.runAfter === 0 ? undefined : now + asked.runAfter,
    owner: owner === '' ? undefined : { id: owner, mostWaiting: waiting + asked.slack },
    concurrency: asked.concurrency || undefined,
    timeoutMs: asked.timeoutMs || undefined,
    keepMs: asked.keepMs || undefined,
  })
}

const resultOf = (type: AttemptResult['type'], runAt: number): AttemptResult => {
  switch (type) {
    case 'succeeded':
      return { type, output: String(runAt) }
    case 'failed':
    case 'cancelled':
      return { type, error: broken }
    case 'retry':
      return { type, error: broken, runAt }
    case 'snooze':
      return { type, runAt }
    case 'release':
      return { type }
    default:
      return type satisfies never
  }
}

const pick = <T>(items: readonly T[], at: number): T => items[at % items.length] as T

const nameOf = ({ jobId, index, attempt }: Claim) => `${jobId} ${index} ${attempt}`

const mayClaim = ({ state, counts, concurrency }: JobRecord) =>
  state === 'running' && (concurrency === undefined || counts.running < concurrency)
