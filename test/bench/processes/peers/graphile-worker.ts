import { SQL } from 'bun'
import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import { servePeer } from '../../rig/peer.ts'

/** What its page on performance measures with. */
const worker = {
  concurrentJobs: 24,
  maxPoolSize: 25,
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
}
const logger = new Logger(() => () => {})
let tell = () => {}

const open = async (connectionString: string) => {
  const utils = await makeWorkerUtils({ connectionString, logger })
  const { events } = await run({
    connectionString,
    logger,
    taskList: { noop: async () => {} },
    preset: { worker },
    noHandleSignals: true,
  })
  events.on('job:success', () => tell())
  return { utils, sql: new SQL(connectionString, { max: 1 }) }
}

let opened: ReturnType<typeof open> | undefined

/** The jobs of a run are one statement, so its workers, which are there already, see all of them at once. */
servePeer(async (place, _, told) => {
  opened ??= open(place)
  const { utils, sql } = await opened
  let enqueued = 0
  tell = told
  return {
    enqueue: (tasks) => {
      enqueued = tasks
      return utils.addJobs(
        Array.from({ length: tasks }, (_, index) => ({ identifier: 'noop', payload: { index } })),
      )
    },
    start: () => {},
    // A job that has succeeded is deleted, in batches, after it was told.
    ended: async () => {
      const [row] = await sql`select count(*)::int as left from graphile_worker._private_jobs`
      return enqueued - row.left
    },
    stop: () => {},
  }
})
