import { Database } from 'bun:sqlite'
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os'
import { newFolder } from './rig/folder.ts'
import { spreadOf } from './statistics.ts'

/** Where the numbers come from: they say little about another machine, and less about a busy one. */
export interface Conditions {
  at: string
  quick: boolean
  bun: string
  system: string
  cpu: string
  cpus: number
  memoryGiB: number
  /** Processes that wanted a CPU in the minute before. */
  load: number
  /** What a transaction of one row costs, synchronous = FULL: what every commit of Sheaf costs at least. */
  syncMs: number
}

export const conditionsOf = async (quick: boolean): Promise<Conditions> => ({
  at: new Date().toISOString(),
  quick,
  bun: Bun.version,
  // What a distribution adds to it says nothing more.
  system: `${type()} ${release().split('-')[0]} ${arch()}`,
  cpu: cpus()[0]?.model ?? 'unknown',
  cpus: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  load: loadavg()[0] ?? Number.NaN,
  syncMs: await timeSync(),
})

const timeSync = async (): Promise<number> => {
  const { path, remove } = newFolder()
  const db = new Database(`${path}/sync.db`)
  db.run('pragma journal_mode = wal')
  db.run('pragma synchronous = full')
  db.run('create table rows (value integer)')
  const insert = db.query('insert into rows values (1)')
  const times = Array.from({ length: 200 }, () => {
    const started = performance.now()
    insert.run()
    return performance.now() - started
  })
  db.close()
  await remove()
  return spreadOf(times).median
}
