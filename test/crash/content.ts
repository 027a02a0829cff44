import { Database } from 'bun:sqlite'
import { hasEnded, taskStates } from '../../src/job/state.ts'
import { type Account, imbalance, type Row, strayRequests } from './rows.ts'

interface Job extends Account {
  id: string
  rows: Row[]
}

/** All that a file holds, of every job, and what SQLite itself says of it. */
export class Content {
  readonly jobs: readonly Job[]
  readonly faults: readonly string[]

  constructor(file: string) {
    const db = new Database(file, { readonly: true })
    try {
      this.jobs = readJobs(db)
      this.faults = [...integrityOf(db), ...miscounted(db)]
    } finally {
      db.close()
    }
  }

  /** What a server that was asked to stop has not given back. */
  get unreleased(): string[] {
    return this.jobs
      .filter(({ counts }) => counts.running > 0)
      .map(({ id, counts }) => `${id}: ${counts.running} tasks run, and the server has stopped`)
  }

  /** What does not hold in any job. */
  flaws(requests: ReadonlyMap<string, number>): string[] {
    return this.jobs.flatMap((job) =>
      [...imbalance(job, job.rows), ...strayRequests(job.id, job.rows, requests)].map(
        (fault) => `${job.id}: ${fault}`,
      ),
    )
  }
}

/** What deaths have left so far: what is there once can only go on, and what has ended is as it was. */
export class Past {
  #seqs = new Map<string, number>()
  #ends = new Map<string, string>()

  /** What of it does not hold any more. */
  compare({ jobs }: Content): string[] {
    const faults: string[] = []
    const found = new Map(jobs.map((job) => [job.id, job]))
    for (const [id, seq] of this.#seqs) {
      const job = found.get(id)
      if (job === undefined) faults.push(`job ${id} was there and is gone`)
      else if (job.seq < seq) faults.push(`job ${id} was at seq ${seq} and is at ${job.seq}`)
    }
    for (const { id, seq, rows } of jobs) {
      this.#seqs.set(id, seq)
      for (const row of rows.filter(({ state }) => hasEnded(state))) {
        const place = `${id}/${row.index}`
        const end = JSON.stringify(row)
        const before = this.#ends.get(place)
        if (before !== undefined && before !== end)
          faults.push(`${place} had ended as ${before}, and is ${end}`)
        this.#ends.set(place, end)
      }
    }
    return faults
  }
}

const readJobs = (db: Database): Job[] => {
  const rows = db
    .query<
      {
        job: number
        idx: number
        state: number
        attempt: number
        seq: number
        output: string | null
        error: string | null
      },
      []
    >('select job, idx, state, attempt, seq, output, error from sheaf_tasks order by job, idx')
    .all()
  const tasks = Map.groupBy(rows, ({ job }) => job)
  return db
    .query<{ number: number; id: string; seq: number } & Job['counts'], []>('select * from sheaf_jobs')
    .all()
    .map(({ number, id, seq, ...counts }) => ({
      id,
      seq,
      counts,
      rows: (tasks.get(number) ?? []).map(({ idx, state, attempt, seq, output, error }) => ({
        index: idx,
        state: taskStates[state] ?? 'blocked',
        attempt,
        seq,
        ...(output !== null && { output: JSON.parse(output) }),
        ...(error !== null && { error: JSON.parse(error) }),
      })),
    }))
}

const integrityOf = (db: Database): string[] =>
  db
    .query<{ integrity_check: string }, []>('pragma integrity_check')
    .all()
    .map((row) => row.integrity_check)
    .filter((line) => line !== 'ok')

/** Queues that do not count what waits in them. */
const miscounted = (db: Database): string[] => {
  const waiting = (state: 'queued' | 'blocked') =>
    `(select count(*) from sheaf_tasks where sheaf_tasks.queue = sheaf_queues.number and state = ${taskStates.indexOf(state)})`
  return db
    .query<{ name: string }, []>(
      `select name from sheaf_queues where queued <> ${waiting('queued')} or blocked <> ${waiting('blocked')}`,
    )
    .all()
    .map(({ name }) => `queue ${name} does not count what waits in it`)
}
