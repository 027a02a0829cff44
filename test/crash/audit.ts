import { Database } from 'bun:sqlite'
import { copyFile, exists, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { JobRecord, Store, TaskRecord } from '../../src/store/store.ts'
import type { Journal } from './journal.ts'
import { brokenPromises, imbalance, type Row, strayRequests } from './rows.ts'
import type { Samples } from './samples.ts'

/** What the world has been told by the moment of a kill. */
export interface Told {
  job: string
  journals: readonly Journal[]
  samples: Samples
  acknowledged: readonly { key: string; id: string }[]
  requests: ReadonlyMap<string, number>
}

/**
 * What the disk does not hold of what the world has been told, right after a kill. It looks at a copy: whoever opens the
 * database itself would do the recovery that is for the next server to do.
 */
export const audit = async (database: string, folder: string, told: Told): Promise<string[]> => {
  const copy = await copyOf(database, folder)
  const store = openSqlite({ file: copy })
  try {
    const job = await store.job(told.job)
    if (job === undefined) return ['the large job is gone']
    const rows = await rowsOf(store, job)
    return [
      ...integrityOf(copy),
      ...imbalance(job, rows),
      ...told.journals.flatMap((journal) => missed(journal, job, rows)),
      ...told.samples.broken(rows),
      ...strayRequests(job.id, rows, told.requests),
      ...(await lost(store, told.acknowledged)),
    ]
  } finally {
    await store.close()
  }
}

/** What is wrong with a file that was closed, and whether it opens again with the job in it. */
export const inspect = async (file: string, id: string): Promise<string[]> => {
  const faults = integrityOf(file)
  const store = openSqlite({ file })
  const job = await store.job(id)
  await store.close()
  return job === undefined ? [...faults, 'the large job is gone'] : faults
}

/** Says nothing when SQLite finds the file whole. */
const integrityOf = (file: string): string[] => {
  const db = new Database(file, { readonly: true })
  const found = db.query<{ integrity_check: string }, []>('pragma integrity_check').all()
  db.close()
  return found.map((row) => row.integrity_check).filter((line) => line !== 'ok')
}

const copyOf = async (database: string, folder: string): Promise<string> => {
  await mkdir(folder)
  const copy = join(folder, 'copy.db')
  await copyFile(database, copy)
  if (await exists(`${database}-wal`)) await copyFile(`${database}-wal`, `${copy}-wal`)
  return copy
}

const rowsOf = async (store: Store, job: JobRecord): Promise<Row[]> => {
  const { data } = await store.tasks(job, { limit: job.counts.total + 1 })
  return data.map(toRow)
}

const toRow = ({ index, state, attempt, seq, output, error }: TaskRecord): Row => ({
  index,
  state,
  attempt,
  seq,
  ...(output !== undefined && { output: JSON.parse(output) }),
  ...(error !== undefined && { error: JSON.parse(error) }),
})

const missed = ({ who, seq, ends }: Journal, job: JobRecord, rows: readonly Row[]): string[] => [
  ...(seq > job.seq ? [`${who} was told seq ${seq}, and the job is at ${job.seq}`] : []),
  ...brokenPromises(who, ends, rows),
]

const lost = async (store: Store, acknowledged: Told['acknowledged']): Promise<string[]> => {
  const faults: string[] = []
  for (const { key, id } of acknowledged)
    if ((await store.job(id)) === undefined) faults.push(`${key} was acknowledged and is gone`)
  return faults
}
