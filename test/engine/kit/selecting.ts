import { type Finder, type Searching, select } from '../../../src/engine/selection/select.ts'
import { Selections } from '../../../src/engine/selection/selections.ts'
import type { Selection } from '../../../src/job/selection.ts'
import type { Action, Batch, JobRecord, Store } from '../../../src/store/store.ts'
import { type JobFields, jobIn, newJob } from '../../support/jobs.ts'
import { Probe } from './probe.ts'

export const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
}

const nothing: Batch = { submissions: [], settlements: [], actions: [], claim: 0 }
/** One that no run before has used: they share a store. */
let worlds = 0

/** One who selects: what it is told, in order. It takes so many turns for each job. */
export class Seeker implements Finder {
  readonly told: (['job', id: string, after: number | undefined] | ['reached', number: number])[] = []
  readonly revivals: [id: string, since: number][] = []
  readonly abort = new AbortController()
  done: Promise<void> = Promise.resolve()
  wants: Searching['wants'] = () => undefined

  constructor(readonly slowness: number) {}

  async found(id: string, after: number) {
    this.told.push(['job', id, after])
    await turns(this.slowness)
  }
  async listed({ id }: JobRecord) {
    this.told.push(['job', id, undefined])
    await turns(this.slowness)
  }
  async reached(number: number) {
    this.told.push(['reached', number])
  }
  revived(id: string, since: number) {
    this.revivals.push([id, since])
  }
}

/** A commit is told so many turns after it is on disk, and the store answers so many turns after it was asked. */
export class World {
  readonly selections = new Selections()
  readonly jobs: JobRecord[] = []
  readonly probe: Probe
  reads = 0
  readonly name = `enrich ${worlds++}`

  constructor(
    readonly store: Store,
    delays: readonly number[] = [0],
  ) {
    this.probe = new Probe(store)
    const delay = () => turns(delays[this.reads++ % delays.length] ?? 0)
    this.probe.beforeRead = delay
    this.probe.afterRead = delay
  }

  async commit(batch: Partial<Batch>, lag = 0): Promise<void> {
    const { changes, submitted } = await this.store.commit({ ...nothing, ...batch }, 0)
    this.jobs.push(...submitted.map(jobIn))
    await turns(lag)
    this.selections.publish(changes)
  }

  submit(jobs: readonly JobFields[], lag = 0): Promise<void> {
    return this.commit({ submissions: jobs.map((fields) => newJob(this.named(fields))) }, lag)
  }

  named = (fields: JobFields): JobFields =>
    fields.name === undefined ? fields : { ...fields, name: this.name }

  async act(type: Action['type'], nth: number): Promise<void> {
    const job = this.jobs[nth % this.jobs.length]
    if (job) await this.commit({ actions: [{ type, job: job.id }] })
  }

  select(
    selection: Selection,
    slowness: number,
    options: { since?: number; seen?: Map<string, number> } = {},
  ) {
    const seeker = new Seeker(slowness)
    const { done, wants } = select({ store: this.probe, selections: this.selections }, selection, {
      found: (job, after) => seeker.found(job, after),
      listed: (job) => seeker.listed(job),
      reached: (number) => seeker.reached(number),
      revived: (job, since) => seeker.revived(job, since),
      ...options,
      signal: seeker.abort.signal,
    })
    seeker.done = done
    seeker.wants = wants
    seeker.done.catch(() => {})
    return seeker
  }

  /** Every job as it is now; undefined once it is deleted. */
  current(): Promise<(JobRecord | undefined)[]> {
    return Promise.all(this.jobs.map(({ id }) => this.store.job(id)))
  }
}

export const idsOf = (jobs: readonly JobRecord[]): string[] => jobs.map(({ id }) => id)
