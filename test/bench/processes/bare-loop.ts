import { Database } from 'bun:sqlite'
import { createKinds } from '../../../src/kinds/kinds.ts'
import { parseJob, prepareJob } from '../../../src/kinds/prepare.ts'
import type { Lane } from '../../../src/store/sqlite/lanes.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import { fromJob, toJob } from '../../../src/store/sqlite/rows.ts'
import { prepareStatements, type Statements } from '../../../src/store/sqlite/statements/index.ts'
import { bareStatement } from '../rig/bare-statement.ts'
import { serveTool } from '../rig/tool.ts'

export interface LoopQuestion {
  file: string
  tasks: number
  batch: number
}

/**
 * The least that the same durable work can cost: Sheaf's own SQL, on raw prepared statements, in a loop with nothing
 * around it. A transaction settles a batch, claims the next, and saves the job and its lane. Answers with a rate.
 */
const run = async ({ file, tasks, batch }: LoopQuestion): Promise<number> => {
  const id = await submit(file, tasks)
  const db = open(file)
  try {
    const statements = prepareStatements(db)
    const row = statements.jobById.get({ id })
    if (row === undefined) throw new Error(`Expected job ${id} to be there`)
    const started = performance.now()
    const [lane] = statements.lanesInTurn.all({ job: row.number, limit: 1 })
    if (lane === undefined) throw new Error(`Expected a lane of job ${id} to be ready`)
    const settled = loop(db, statements, { job: fromJob(toJob(row)), lane }, batch)
    const seconds = (performance.now() - started) / 1_000
    if (settled !== tasks) throw new Error(`Expected ${tasks} tasks to be settled, got ${settled}`)
    return tasks / seconds
  } finally {
    db.close()
  }
}

/** Puts a job on disk as Sheaf does. What that costs is not measured. */
const submit = async (file: string, tasks: number): Promise<string> => {
  const id = Bun.randomUUIDv7()
  const spec = parseJob({ tasks: new Array(tasks).fill({ kind: 'sleep', ms: 0 }) })
  const store = openSqlite({ file })
  const job = prepareJob(spec, createKinds(), { id, now: Date.now() })
  await store.commit({ submissions: [job], actions: [], settlements: [], claim: 0 }, Date.now())
  await store.close()
  return id
}

/** As `src/store/sqlite/open.ts` does. */
const open = (file: string): Database => {
  const db = new Database(file, { strict: true })
  db.run('pragma journal_mode = wal')
  db.run('pragma synchronous = full')
  db.run('pragma cache_size = -65536')
  db.run('pragma temp_store = memory')
  return db
}

/** A row of a claim. */
interface Due {
  index: number
  attempt: number
}

interface Saved {
  job: ReturnType<typeof fromJob>
  lane: Lane
}

const loop = (db: Database, statements: Statements, { job, lane }: Saved, batch: number): number => {
  const succeed = bareStatement(db, statements.succeedTask)
  const due = bareStatement<Due>(db, statements.dueTasks)
  const claim = bareStatement(db, statements.claimTask)
  const save = bareStatement(db, statements.saveJob)
  const nextDue = bareStatement<{ runAt: number }>(db, statements.nextDue)
  const saveLane = bareStatement(db, statements.saveLane)
  const count = bareStatement(db, statements.countQueue)

  const settle = { job: job.number, index: 0, attempt: 0, seq: 0, now: 0, output: 'null' }
  const take = { job: job.number, index: 0, attempt: 0, seq: 0, now: 0 }
  let held: Due[] = []
  let settled = 0
  const step = db.transaction(() => {
    const now = Date.now()
    settle.now = now
    for (const task of held) {
      settle.index = task.index
      settle.attempt = task.attempt
      settle.seq = ++job.seq
      succeed.run(settle)
    }
    settled += held.length
    held = due.all({ ...lane, now, limit: batch })
    take.now = now
    for (const task of held) {
      task.attempt += 1
      take.index = task.index
      take.attempt = task.attempt
      take.seq = ++job.seq
      claim.run(take)
    }
    job.succeeded = settled
    job.running = held.length
    job.queued = job.total - settled - held.length
    save.run(job)
    const [next] = nextDue.all({ ...lane })
    saveLane.run({ ...lane, ready: 1, parked: 0, dueAt: next?.runAt ?? now, turn: job.seq })
    count.run({ number: lane.queue, queued: -held.length, blocked: 0 })
  })
  do step.immediate()
  while (held.length > 0)
  return settled
}

serveTool(run)
