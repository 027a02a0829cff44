import { systemClock } from '../../../src/clock.ts'
import { readConfig } from '../../../src/config.ts'
import { createLog } from '../../../src/log.ts'
import { serve } from '../../../src/serve.ts'
import { openSqlite } from '../../../src/store/sqlite/open.ts'
import type { Store } from '../../../src/store/store.ts'
import { Lag, type Lagged } from '../rig/lag.ts'
import { settings } from '../rig/sheaf.ts'
import { serveTool } from '../rig/tool.ts'

export type WatchedQuestion =
  /** `syncMs`: how much longer the disk takes for each commit. Default 0. */
  | { type: 'start'; database: string; concurrency?: number; syncMs?: number }
  /** Asks for every stamp of a job, and forgets them all. */
  | { type: 'stamps'; job: string }
  /** Begins to watch the event loop. */
  | { type: 'watch' }
  /** Asks what has come of that. */
  | { type: 'lag' }

export type WatchedAnswer = { url: string; stamps: Stamp[]; lag?: Lagged }

/** Everything up to this seq, and past the stamp before, was on disk at this moment (milliseconds since the epoch, with fractions). */
export type Stamp = [seq: number, at: number]

const stamps = new Map<string, Stamp[]>()

const lag = new Lag()
const cell = new Int32Array(new SharedArrayBuffer(4))

/**
 * Sheaf, composed as it is shipped, over a store that takes down when each commit was on disk. A disk that takes longer for its fsync
 * blocks the thread that waits for it, and so does this.
 */
const watch = (store: Store, syncMs: number): Store => {
  const commit = store.commit.bind(store)
  store.commit = async (batch, now) => {
    const committed = await commit(batch, now)
    if (syncMs > 0) Atomics.wait(cell, 0, 0, syncMs)
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

const start = async ({ database, concurrency, syncMs = 0 }: Extract<WatchedQuestion, { type: 'start' }>) => {
  const config = readConfig(settings(database, concurrency))
  const server = await serve({
    config,
    log: createLog({ level: config.log, clock: systemClock }),
    openStore: ({ database: file, durability }) => watch(openSqlite({ file, durability }), syncMs),
  })
  return server.url
}

const takeStamps = (job: string): Stamp[] => {
  const found = stamps.get(job) ?? []
  stamps.clear()
  return found
}

serveTool<WatchedQuestion, WatchedAnswer>(async (question) => {
  switch (question.type) {
    case 'start':
      return { url: await start(question), stamps: [] }
    case 'stamps':
      return { url: '', stamps: takeStamps(question.job) }
    case 'watch':
      lag.start()
      return { url: '', stamps: [] }
    case 'lag':
      return { url: '', stamps: [], lag: lag.stop() }
    default:
      return question satisfies never
  }
})
