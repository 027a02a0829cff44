import { systemClock } from '../../../src/clock.ts'
import { readConfig } from '../../../src/config.ts'
import { createLog } from '../../../src/log.ts'
import { serve } from '../../../src/serve.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import type { Store } from '../../../src/store/store.ts'
import { settings } from '../rig/sheaf.ts'
import { serveTool } from '../rig/tool.ts'

export type WatchedQuestion =
  | { type: 'start'; database: string; concurrency: number }
  /** Asks for every stamp of a job, and forgets them all. */
  | { type: 'stamps'; job: string }

export type WatchedAnswer = { url: string; stamps: Stamp[] }

/** Everything up to this seq, and past the stamp before, was on disk at this moment (milliseconds since the epoch, with fractions). */
export type Stamp = [seq: number, at: number]

const stamps = new Map<string, Stamp[]>()

/** Sheaf, composed as it is shipped, over a store that takes down when each commit was on disk. */
const watch = (store: Store): Store => {
  const commit = store.commit.bind(store)
  store.commit = async (batch, now) => {
    const committed = await commit(batch, now)
    const at = performance.timeOrigin + performance.now()
    for (const { job } of committed.changes) {
      const known = stamps.get(job.id)
      if (known) known.push([job.seq, at])
      else stamps.set(job.id, [[job.seq, at]])
    }
    return committed
  }
  return store
}

const start = async (database: string, concurrency: number): Promise<string> => {
  const config = readConfig(settings(database, concurrency))
  const server = await serve({
    config,
    log: createLog({ level: config.log, clock: systemClock }),
    openStore: ({ database: file, durability }) => watch(openSqlite({ file, durability })),
  })
  return server.url
}

serveTool<WatchedQuestion, WatchedAnswer>(async (question) => {
  if (question.type === 'start')
    return { url: await start(question.database, question.concurrency), stamps: [] }
  const found = stamps.get(question.job) ?? []
  stamps.clear()
  return { url: '', stamps: found }
})
