import { type Clock, systemClock } from './clock.ts'
import { byVariable, type Config, ConfigError, type Naming } from './config.ts'
import { createEngine } from './engine/create.ts'
import type { Engine } from './engine/engine.ts'
import { Vitals } from './engine/health/vitals.ts'
import { Watch } from './engine/health/watch.ts'
import { Watchdog } from './engine/health/watchdog.ts'
import { Tally } from './engine/tally/tally.ts'
import { type App, createApp } from './http/app.ts'
import type { AppOptions } from './http/options.ts'
import { Streams } from './http/streams.ts'
import { createEgress } from './kinds/egress/egress.ts'
import type { Handler } from './kinds/handler.ts'
import { openBucket, readBucket } from './kinds/http/artifacts/bucket.ts'
import { type Folder, openFolder } from './kinds/http/artifacts/folder.ts'
import { sweep, tidying } from './kinds/http/artifacts/tidy.ts'
import type { Artifacts } from './kinds/http/artifacts.ts'
import { createKinds, type Kinds, type KindsOptions } from './kinds/kinds.ts'
import type { Log } from './log.ts'
import { openSqlite } from './store/sqlite/open.ts'
import type { Store } from './store/store.ts'

/** What the parts need to know; the rest of the settings is for the process. */
export type PartsConfig = Omit<Config, 'host' | 'port' | 'handlers' | 'log'>

export interface PartsOptions {
  config: PartsConfig
  log: Log
  handlers?: readonly Handler[]
  clock?: Clock
  /** Whether a thread looks on and says when the event loop is blocked, and by what. Default false. */
  watchdog?: boolean
  /** Opens the store that the settings name. To be replaced only by what measures or breaks it. */
  openStore?: (config: PartsConfig) => Store
  /** Whether the database file may hold tables of someone else. Default false. */
  shared?: boolean
  /** Put around the kinds of tasks. To be given only by what measures them. */
  wrapKinds?: (kinds: Kinds) => Kinds
  /** Whether to look twice a second at what may have gone wrong with the machine. Default true. */
  watch?: boolean
  /** What errors call the settings. Default: as the environment does. */
  naming?: Naming
  /** How the HTTP interface is set into another app. */
  app?: Pick<AppOptions, 'prefix' | 'guarded'>
}

/** Store, engine and HTTP interface, put together. Nothing listens yet. */
export interface Parts {
  app: App
  engine: Engine
  kinds: Kinds
  /** The names of the secrets that tasks may use. */
  secrets: ReadonlySet<string>
  clock: Clock
  /** Rescues what a dead process left running, then starts to claim. */
  start(): Promise<void>
  /** Takes no more submissions, lets running tasks end for the grace period, and gives the rest back. */
  quiesce(): Promise<void>
  /** Ends every stream and socket: whoever follows connects again, elsewhere or later. */
  hangUp(): void
  /** Closes the kinds and the database. To be called last. */
  close(): Promise<void>
}

/** Throws a StoreError when the database cannot be had, and a ConfigError when a setting or a handler cannot be used. */
export const assemble = (options: PartsOptions): Parts => {
  const { config, log, handlers = [], clock = systemClock } = options
  const { openStore = (own) => openConfigured(own, options.shared) } = options
  const { wrapKinds = (kinds) => kinds } = options
  const { naming = byVariable } = options
  const artifacts = artifactsOf(config)
  const own = kindsWith(naming, {
    handlers,
    sources: config.sources,
    smtp: config.smtp,
    webhookSecrets: config.webhookSecrets,
    secrets: config.secrets,
    // One for all of it: whatever leaves goes through the same guard.
    egress: createEgress({ allow: config.egressAllow, clock }),
    artifacts: artifacts.place,
    clock,
  })
  const kinds = wrapKinds(own)
  const store = tidying(openStore(config), artifacts.place, (error) =>
    log.warn('What a deleted job had saved could not be deleted', { error }),
  )
  const streams = new Streams(config.maxSockets)
  const vitals = new Vitals({ clock, log: (level, message, fields) => log[level](message, fields) })
  const watchdog = options.watchdog ? new Watchdog(clock.now()) : undefined
  const tally = new Tally(Object.keys(kinds))
  const watch = new Watch({
    clock,
    vitals,
    store,
    beat: () => watchdog?.beat(clock.now()),
    late: (ms) => tally.late.add(ms),
  })
  const engine = createEngine({
    store,
    kinds,
    clock,
    concurrency: config.concurrency,
    queueDefaults: Object.assign({}, ...Object.values(kinds).map(({ queues }) => queues)),
    graceMs: config.graceMs,
    mostWaiting: config.maxQueued,
    keepMs: config.keepMs,
    idempotencyMs: config.idempotencyMs,
    mostWaitingPerOwner: config.maxQueuedPerToken,
    secrets: config.secrets,
    vitals,
    tally,
    log: (level, message, fields) => log[level](message, fields),
  })
  const secrets = new Set(config.secrets.keys())
  const app = createApp({
    ...options.app,
    engine,
    kinds,
    clock,
    log,
    tokens: config.tokens,
    handlers,
    secrets,
    maxBodyBytes: config.maxBodyBytes,
    socketBufferBytes: config.socketBufferBytes,
    maxQueuedPerToken: config.maxQueuedPerToken,
    streams,
    artifacts: artifacts.place,
  })
  const stopping = new AbortController()
  let swept: Promise<void> | undefined
  return {
    app,
    engine,
    kinds,
    secrets,
    clock,
    async start() {
      await engine.start()
      if (options.watch ?? true) watch.start()
      swept =
        artifacts.own &&
        sweep(store, artifacts.own, stopping.signal).catch((error: unknown) =>
          log.warn('What deleted jobs had saved could not be deleted', { error }),
        )
    },
    async quiesce() {
      stopping.abort()
      await watch.stop()
      await engine.stop()
    },
    hangUp: () => streams.close(),
    async close() {
      await closeAll(kinds)
      watchdog?.stop()
      await swept
      await store.close()
    },
  }
}

const kindsWith = (naming: Naming, options: KindsOptions): Kinds => {
  try {
    return createKinds(options)
  } catch (error) {
    throw new ConfigError(
      `Expected "${naming('handlers')}" to export handlers that can be used. ${messageOf(error)}`,
    )
  }
}

interface Places {
  place: Artifacts
  /** The same, where no other database uses it. */
  own?: Folder
}

const artifactsOf = ({ artifacts, database }: PartsConfig): Places => {
  if (artifacts !== undefined) {
    const bucket = readBucket(artifacts)
    return { place: bucket ? openBucket(bucket) : openFolder(artifacts) }
  }
  const own = openFolder(`${database}.artifacts`)
  return { place: own, own }
}

const closeAll = async (kinds: Kinds) => {
  await Promise.all(Object.values(kinds).map((kind) => kind.close?.()))
}

const openConfigured = ({ database, durability }: PartsConfig, shared: boolean | undefined): Store =>
  openSqlite({ file: database, durability, shared })

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n')[0]
