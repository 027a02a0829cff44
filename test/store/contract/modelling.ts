import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { isBalanced, openOf } from '../../../src/job/counts.ts'
import { modes } from '../../../src/job/modes.ts'
import { hasEnded, taskStates } from '../../../src/job/state.ts'
import type {
  Action,
  AttemptResult,
  Claim,
  Committed,
  JobRecord,
  Settlement,
  TaskChange,
  TaskRecord,
} from '../../../src/store/store.ts'
import { newJob } from '../../support/jobs.ts'
import type { Start } from '../contract.ts'
import { broken, type Driver, expectLogMatchesRows, fold } from '../driver.ts'

/** One batch, or a rescue. Numbers pick among what there is by then. */
interface Step {
  advance: number
  rescue: boolean
  submissions: {
    mode: (typeof modes)[number]
    tasks: number
    concurrency: number
    timeoutMs: number
    keepMs: number
  }[]
  settlements: { at: number; result: AttemptResult['type']; delay: number }[]
  actions: { at: number; type: Action['type'] }[]
  claim: number
}

/** 0 means: not given. */
const fields = fc.record({
  mode: fc.constantFrom(...modes),
  tasks: fc.integer({ min: 0, max: 5 }),
  concurrency: fc.integer({ min: 0, max: 2 }),
  timeoutMs: fc.constantFrom(0, 0, 30, 60),
  keepMs: fc.constantFrom(0, 0, 20),
})
const step: fc.Arbitrary<Step> = fc.record({
  advance: fc.nat({ max: 15 }),
  rescue: fc.nat({ max: 15 }).map((dice) => dice === 0),
  submissions: fc.array(fields, { maxLength: 1 }),
  settlements: fc.array(
    fc.record({
      at: fc.nat(),
      result: fc.constantFrom<AttemptResult['type'][]>(
        'succeeded',
        'failed',
        'retry',
        'snooze',
        'release',
        'cancelled',
      ),
      delay: fc.nat({ max: 20 }),
    }),
    { maxLength: 4 },
  ),
  actions: fc.array(
    fc.record({
      at: fc.nat(),
      type: fc.constantFrom<Action['type'][]>(
        'cancel',
        'pause',
        'resume',
        'resume',
        'retry',
        'retry',
        'delete',
      ),
    }),
    { maxLength: 2 },
  ),
  claim: fc.nat({ max: 6 }),
})

interface Seen {
  job: JobRecord
  rows: TaskRecord[]
  /** What commits told, folded. */
  told: ReadonlyMap<number, TaskChange>
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

/** A store beside what was seen of it so far. */
class Model {
  readonly #jobs = new Map<string, Seen>()
  readonly #keepMs = new Map<string, number | undefined>()
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
    const submissions = step.submissions.map(({ concurrency, timeoutMs, keepMs, ...rest }) =>
      newJob({
        ...rest,
        concurrency: concurrency || undefined,
        timeoutMs: timeoutMs || undefined,
        keepMs: keepMs || undefined,
        // The engine never submits a race of no tasks: nothing could decide it.
        tasks: rest.mode === 'race' ? Math.max(1, rest.tasks) : rest.tasks,
      }),
    )
    for (const { id, keepMs } of submissions) this.#keepMs.set(id, keepMs)
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
      const keepMs = this.#keepMs.get(job.id)
      if (job.finishedAt !== undefined && keepMs !== undefined) moments.push(job.finishedAt + keepMs)
    }
    return moments.length === 0 ? undefined : Math.min(...moments)
  }
}

const pick = <T>(items: readonly T[], at: number): T => items[at % items.length] as T

/** What the interface says of a job, without what a dialect keeps beside it. */
const recordOf = (job: JobRecord): JobRecord => ({
  number: job.number,
  id: job.id,
  name: job.name,
  state: job.state,
  rule: job.rule,
  counts: job.counts,
  sealed: job.sealed,
  seq: job.seq,
  outcome: job.outcome,
  decidedBy: job.decidedBy,
  error: job.error,
  startedAt: job.startedAt,
  finishedAt: job.finishedAt,
  concurrency: job.concurrency,
  priority: job.priority,
  labels: job.labels,
  createdAt: job.createdAt,
  deadlineAt: job.deadlineAt,
})

const nameOf = ({ jobId, index, attempt }: Claim) => `${jobId} ${index} ${attempt}`

const mayClaim = ({ state, counts, concurrency }: JobRecord) =>
  state === 'running' && (concurrency === undefined || counts.running < concurrency)

/** What holds for a job and its tasks at any moment. */
const checkJob = (job: JobRecord, rows: readonly TaskRecord[]): void => {
  expect(isBalanced(job.counts)).toBe(true)
  expect(job.counts.total).toBe(rows.length)
  for (const state of taskStates)
    expect(rows.filter((row) => row.state === state)).toHaveLength(job.counts[state])
  if (job.concurrency !== undefined) expect(job.counts.running).toBeLessThanOrEqual(job.concurrency)

  const seqs = rows.map(({ seq }) => seq).filter((seq) => seq > 0)
  expect(new Set(seqs).size).toBe(seqs.length)
  expect(Math.max(0, ...seqs)).toBeLessThanOrEqual(job.seq)

  expect(job.outcome !== undefined).toBe(job.state === 'stopping' || hasEnded(job.state))
  expect(job.finishedAt !== undefined).toBe(hasEnded(job.state))
  if (hasEnded(job.state)) expect(job.outcome).toBe(job.state)
  expect(openOf(job.counts) === 0).toBe(hasEnded(job.state))
}

/** What holds between one moment and the next. */
const checkMoves = (
  before: Pick<Seen, 'job' | 'rows'>,
  after: Pick<Seen, 'job' | 'rows'>,
  retried: boolean,
) => {
  expect(after.job.seq).toBeGreaterThanOrEqual(before.job.seq)
  if (before.job.outcome !== undefined && !retried) expect(after.job.outcome).toBe(before.job.outcome)
  for (const [i, row] of before.rows.entries()) {
    const now = after.rows[i] as TaskRecord
    expect(now.seq).toBeGreaterThanOrEqual(row.seq)
    expect(now.attempt).toBeGreaterThanOrEqual(row.attempt)
    if (row.state === 'succeeded' || (hasEnded(row.state) && !retried)) expect(now).toEqual(row)
    if (now.seq === row.seq) expect(now).toEqual(row)
    else expect(now.seq).toBeGreaterThan(before.job.seq)
  }
}

export const modelling = (start: Start) => {
  test('leaves counts, log and rows in agreement, and ended tasks alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
        const model = new Model(await start())
        for (const step of steps) await model.take(step)
        await model.s.store.close()
      }),
      { numRuns: 30 },
    )
  }, 60_000)
}
