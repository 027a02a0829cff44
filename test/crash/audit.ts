import { copyFile, exists, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import { Content, type Past } from './content.ts'
import type { Journal } from './journal.ts'
import { brokenPromises } from './rows.ts'
import type { Samples } from './samples.ts'

/** What the world has been told by the moment of a death. */
export interface Told {
  job: string
  journals: readonly Journal[]
  samples: Samples
  acknowledged: readonly { key: string; id: string }[]
  requests: ReadonlyMap<string, number>
  past: Past
  /** Whether the server stopped as it was asked to. */
  stopped: boolean
}

/**
 * What the disk does not hold of what the world has been told, and what is wrong with what it holds, right after a
 * death or while nothing moves. It looks at a copy: whoever opens the database itself would do the recovery that is for the next server to do.
 */
export const audit = async (database: string, folder: string, told: Told): Promise<string[]> => {
  const copy = await copyOf(database, folder)
  try {
    const content = await open(copy)
    const large = content.jobs.find(({ id }) => id === told.job)
    const ids = new Set(content.jobs.map(({ id }) => id))
    return [
      ...content.faults,
      ...content.flaws(told.requests),
      ...told.past.compare(content),
      ...(told.stopped ? content.unreleased : []),
      ...told.acknowledged
        .filter(({ id }) => !ids.has(id))
        .map(({ key }) => `${key} was acknowledged and is gone`),
      ...told.journals.flatMap(({ who, seq, ends }) => [
        ...(seq > (large?.seq ?? 0) ? [`${who} was told seq ${seq}, and the job is at ${large?.seq}`] : []),
        ...brokenPromises(who, ends, large?.rows ?? []),
      ]),
      ...told.samples.broken(large?.rows ?? []),
    ]
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** What is wrong with a file that was closed, and whether it opens again with the job in it. */
export const inspect = async (file: string, id: string): Promise<string[]> => {
  const { faults, jobs } = await open(file)
  return jobs.some((job) => job.id === id) ? [...faults] : [...faults, 'the large job is gone']
}

/** Opens it as a server does, and reads all of it. */
const open = async (file: string): Promise<Content> => {
  const store = openSqlite({ file })
  try {
    return new Content(file)
  } finally {
    await store.close()
  }
}

const copyOf = async (database: string, folder: string): Promise<string> => {
  await mkdir(folder)
  const copy = join(folder, 'copy.db')
  await copyFile(database, copy)
  if (await exists(`${database}-wal`)) await copyFile(`${database}-wal`, `${copy}-wal`)
  return copy
}
