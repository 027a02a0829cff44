import { Database } from 'bun:sqlite'
import { newFolder } from './folder.ts'
import { startSheaf, submit, untilEnded } from './sheaf.ts'

/** How many tasks a job has in such a file. */
const jobSize = 10_000

/**
 * A file in which so many tasks have ended, in jobs of 10,000. One of them is run by Sheaf; the others are copies of its rows under
 * other numbers, so that tables and indexes hold what Sheaf would have written.
 */
export const endedFile = async (tasks: number): Promise<{ database: string; remove(): Promise<void> }> => {
  const { path, remove } = newFolder()
  const database = `${path}/sheaf.db`
  const sheaf = await startSheaf({ database })
  const { id } = await submit(sheaf, { tasks: new Array(jobSize).fill({ kind: 'sleep', ms: 0 }) })
  await untilEnded(sheaf, id)
  await sheaf.end()
  repeat(database, Math.ceil(tasks / jobSize))
  return { database, remove }
}

/** So that the file holds that many of the job that it holds. */
const repeat = (file: string, count: number): void => {
  const db = new Database(file)
  // It can be made again: what is not durable takes less time.
  db.run('pragma journal_mode = off')
  db.run('pragma synchronous = off')
  db.run('pragma cache_size = -262144')
  const numbers = 'with recursive n(value) as (select 2 union all select value + 1 from n where value < ?)'
  const id = "printf('%s-%012x', substr(id, 1, 23), n.value)"
  const copy = (table: string, own: Record<string, string>) => {
    const names = db
      .query<{ name: string }, []>(`pragma table_info(${table})`)
      .all()
      .map(({ name }) => name)
    const values = names.map((name) => own[name] ?? `t.${name}`)
    db.run(`insert into ${table} (${names}) ${numbers} select ${values} from n cross join ${table} t`, [
      count,
    ])
  }
  db.transaction(() => {
    copy('sheaf_jobs', { number: 'n.value', id })
    copy('sheaf_tasks', { job: 'n.value' })
  })()
  // On disk before anything is measured beside it.
  db.run('pragma synchronous = full')
  db.run('pragma journal_mode = wal')
  db.run('pragma wal_checkpoint(truncate)')
  db.close()
  Bun.spawnSync(['sync', file])
}
