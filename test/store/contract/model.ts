import { expect } from 'bun:test'
import type { Mode } from '../../../src/job/modes.ts'
import type {
  Action,
  AttemptResult,
  Claim,
  Committed,
  JobRecord,
  NewJob,
  Settlement,
  TaskChange,
} from '../../../src/store/store.ts'
import { newJob } from '../../support/jobs.ts'
import { broken, type Driver, expectLogMatchesRows, fold } from '../driver.ts'
import { checkDependencies, checkJob, checkMoves, type Moment, recordOf } from './invariants.ts'

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
  }[]
  settlements: { at: number; result: AttemptResult['type']; delay: number }[]
  actions: { at: number; type: Action['type'] }[]
  claim: number
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

  constructor(readonly s: Driver) {}

  async take(step: Step): Promise<void> {
    this.s.now += step.advance
    if (step.rescue) {
      await this.s.store.rescue(this.s.now, 1)
      await this.#look(undefined, new Set())
      return
    }
    const submissions = step.submissions.map(submissionOf)
    for (const asked of submissions) this.#asked.set(asked.id, asked)
    const settlements = this.#claims.length === 0 ? [] : step.settlements.map((one) => this.#settlement(one))
    const ids = [...this.#jobs.keys()]
    const actions = ids.length === 0 ? [] : step.actions.map(({ at, type }) => ({ type, job: pick(ids, at) }))
    const held = this.#held(settlements)
    const committed = await this.s.commit({ submissions, settlements, actions, claim: step.claim })

    expect(committed.settled).toEqual(held)
    this.#checkClaims(committed.claimed)
    const retried = actions.filter(({ type }, i) => type === 'retry' && committed.acted[i]?.type === 'done')
    await this.#look(committed, new Set(retried.map(({ job }) => job)))
    if (committed.unfinished) return
    if (committed.claimed.length < step.claim) this.#checkNothingWaits()
    expect(committed.wakeAt).toBe(this.#wakeAt())
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
  }

  /** Claims never leave free room unused. */
  #checkNothingWaits(): void {
    for (const { job, rows } of this.#jobs.values())
      if (mayClaim(job))
        for (const { state, runAt } of rows) expect(state === 'queued' && runAt <= this.s.now).toBe(false)
  }

  #wakeAt(): number | undefined {
    const moments: number[] = []
    for (const { job, rows } of this.#jobs.values()) {
      const due = rows.filter(({ state }) => state === 'queued').map(({ runAt }) => runAt)
      const first = Math.min(...due)
      if (mayClaim(job) && due.length > 0 && first > this.s.now) moments.push(first)
      if (job.outcome === undefined && job.deadlineAt !== undefined) moments.push(job.deadlineAt)
      const keepMs = this.#asked.get(job.id)?.keepMs
      if (job.finishedAt !== undefined && keepMs !== undefined) moments.push(job.finishedAt + keepMs)
    }
    return moments.length === 0 ? undefined : Math.min(...moments)
  }
}

/** 0 means: not given. */
const submissionOf = (asked: Step['submissions'][number]): NewJob => {
  const { mode, edges, anyhow } = asked
  const hasBit = (mask: number, pair: number) => ((mask >> pair) & 1) === 1
  // The engine never submits a race of no tasks: nothing could decide it.
  const length = mode === 'race' ? Math.max(1, asked.tasks) : asked.tasks
  const tasks = Array.from({ length }, (_, later) => ({
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
