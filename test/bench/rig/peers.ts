import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { startPostgres } from '../../support/postgres.ts'
import pinned from '../package.json'
import { onExit } from './cleanup.ts'
import { newFolder } from './folder.ts'
import { findRedis, redisVersion, startRedis } from './redis.ts'

/** Another queue that runs jobs, measured with the same work. */
export interface Peer {
  name: string
  /** What serves it, of `processes/peers`. */
  process: string
  /** How it is set up, and what it keeps where. */
  about: string
  lacks: string
  target?: number
  /** Of the tasks that Sheaf is given, so that no run takes long: rates are compared. */
  share: number
  /** Where it is to keep its jobs; throws what it takes if that is not to be had. */
  open(): Promise<Place>
}

/** A file, or the address of a database. */
export interface Place {
  at: string
  close(): Promise<void>
}

const openFile = async (): Promise<Place> => {
  const { path, remove } = newFolder()
  return { at: join(path, 'jobs.db'), close: remove }
}

/** As it is shipped: fsync, and synchronous_commit, are on. */
const openPostgres = async (): Promise<Place> => {
  const { path, remove } = newFolder()
  // It never runs as root, to whom alone the folder is open.
  chmodSync(path, 0o755)
  const postgres = await startPostgres({ folder: join(path, 'data'), fsync: true })
  const stop = onExit(async () => postgres[Symbol.asyncDispose]())
  return { at: postgres.url, close: () => stop().then(remove) }
}

const redis = findRedis()

const openRedis = async (): Promise<Place> => {
  if (redis === undefined) throw new Error('no Redis on this machine: apt-get install redis-server')
  const { path, remove } = newFolder()
  const { url, stop } = await startRedis(redis, path)
  return { at: url, close: () => stop().then(remove) }
}

const { dependencies: versions } = pinned

export const peers: readonly Peer[] = [
  {
    name: `bunqueue ${versions.bunqueue}`,
    process: 'bunqueue',
    about: 'embedded, addBulk, 100 at once, pulled by 100; SQLite, WAL, synchronous = NORMAL, results kept',
    lacks: 'acknowledges jobs before they are on disk; no fsync for a commit',
    target: 20,
    share: 0.03,
    open: openFile,
  },
  {
    name: `plainjob ${versions.plainjob}`,
    process: 'plainjob',
    about: 'addMany, one worker; SQLite, WAL, synchronous = NORMAL, ended jobs kept',
    lacks: 'no fsync for a commit, one job at a time; no results, events, progress or gather',
    target: 6,
    share: 0.15,
    open: openFile,
  },
  {
    name: `graphile-worker ${versions['graphile-worker']}`,
    process: 'graphile-worker',
    about:
      'addJobs, 24 at once, a local queue of 500, completions in batches; PostgreSQL 18, synchronous_commit = on',
    lacks: 'deletes what succeeded: no results, and no state of it; no progress or gather',
    share: 0.3,
    open: openPostgres,
  },
  {
    name: `BullMQ ${versions.bullmq}`,
    process: 'bullmq',
    about: `addBulk, 100 at once; Redis${redis === undefined ? '' : ` ${redisVersion(redis)}`}, appendfsync = everysec, results kept`,
    lacks: 'all of it in memory; a crash may lose the last second of what was acknowledged',
    target: 5,
    share: 0.15,
    open: openRedis,
  },
]
