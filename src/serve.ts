import type { Clock } from './clock.ts'
import { systemClock } from './clock.ts'
import { type Config, ConfigError, settings } from './config.ts'
import { createEngine } from './engine/create.ts'
import type { Engine } from './engine/engine.ts'
import { Vitals } from './engine/health/vitals.ts'
import { Watch } from './engine/health/watch.ts'
import { Watchdog } from './engine/health/watchdog.ts'
import { type App, createApp } from './http/app.ts'
import { Streams } from './http/streams.ts'
import { allowFlaw, parseAllow } from './kinds/egress/allow.ts'
import { createEgress, type Egress } from './kinds/egress/egress.ts'
import type { Handler } from './kinds/handler.ts'
import { openBucket, readBucket } from './kinds/http/artifacts/bucket.ts'
import { type Folder, openFolder } from './kinds/http/artifacts/folder.ts'
import { sweep, tidying } from './kinds/http/artifacts/tidy.ts'
import type { Artifacts } from './kinds/http/artifacts.ts'
import { createKinds, type Kinds, type KindsOptions } from './kinds/kinds.ts'
import type { Log } from './log.ts'
import { openSqlite } from './store/sqlite/open.ts'
import type { Store } from './store/store.ts'

export interface ServeOptions {
  config: Config
  log: Log
  handlers?: readonly Handler[]
  clock?: Clock
  /** Whether a thread looks on and says when the event loop is blocked, and by what. Default false. */
  watchdog?: boolean
  /** Opens the store that the settings name. To be replaced only by what measures or breaks it. */
  openStore?: (config: Config) => Store
}

/** A server that listens. */
export interface Server {
  url: string
  port: number
  app: App
  engine: Engine
  /**
   * Takes no more submissions, lets running tasks end for the grace period, gives the rest back, ends every stream, and
   * closes the connections, the kinds and the database. May be called again.
   */
  stop(): Promise<void>
}

/** How long requests under way may take to end once everything else has stopped. */
const lastWordMs = 500

/**
 * Puts the parts together: store → engine → http. Throws a StoreError when the database cannot be had, and a
 * ConfigError when the port or the handlers cannot.
 */
export const serve = async (options: ServeOptions): Promise<Server> => {
  const { config, log, handlers = [], clock = systemClock, openStore = openConfigured } = options
  const artifacts = artifactsOf(config)
  const kinds = kindsWith({
    handlers,
    sources: config.sources,
    smtp: config.smtp,
    egress: egressOf(config, clock),
    artifacts: artifacts.place,
    clock,
  })
  const store = tidying(openStore(config), artifacts.place, (error) =>
    log.warn('What a deleted job had saved could not be deleted', { error }),
  )
  const streams = new Streams()
  const vitals = new Vitals({ clock, log: (level, message, fields) => log[level](message, fields) })
  const watchdog = options.watchdog ? new Watchdog() : undefined
  const watch = new Watch({ clock, vitals, store, beat: () => watchdog?.beat(clock.now()) })
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
    log: (level, message, fields) => log[level](message, fields),
  })
  const app = createApp({
    engine,
    kinds,
    clock,
    log,
    tokens: config.tokens,
    handlers,
    secrets: new Set(config.secrets.keys()),
    maxBodyBytes: config.maxBodyBytes,
    maxQueuedPerToken: config.maxQueuedPerToken,
    streams,
    artifacts: artifacts.place,
  })
  try {
    listen(app, config)
    await engine.start()
    watch.start()
  } catch (error) {
    await app.server?.stop(true)
    await closeAll(kinds)
    await store.close()
    throw error
  }
  const { hostname, port } = addressOf(app)
  const stopping = new AbortController()
  const swept = artifacts.own
    ? sweep(store, artifacts.own, stopping.signal).catch((error: unknown) =>
        log.warn('What deleted jobs had saved could not be deleted', { error }),
      )
    : undefined

  let stopped: Promise<void> | undefined
  const stop = async () => {
    stopping.abort()
    await watch.stop()
    await engine.stop()
    // Bun waits for whatever is open: the streams are ended, requests may end, and what hangs is cut.
    const closed = app.server?.stop()
    streams.close()
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const cancel = clock.after(lastWordMs, resolve)
    await Promise.race([closed, late])
    cancel()
    await app.server?.stop(true)
    await closeAll(kinds)
    watchdog?.stop()
    await swept
    await store.close()
  }
  return {
    url: `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`,
    port,
    app,
    engine,
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

const kindsWith = (options: KindsOptions): Kinds => {
  try {
    return createKinds(options)
  } catch (error) {
    throw new ConfigError(
      `Expected "SHEAF_HANDLERS" to export handlers that can be used. ${firstLine(error)}`,
    )
  }
}

interface Places {
  place: Artifacts
  /** The same, where no other database uses it. */
  own?: Folder
}

const artifactsOf = ({ artifacts, database }: Config): Places => {
  if (artifacts !== undefined) {
    const bucket = readBucket(artifacts)
    return { place: bucket ? openBucket(bucket) : openFolder(artifacts) }
  }
  const own = openFolder(`${database}.artifacts`)
  return { place: own, own }
}

/** One for the process: whatever leaves it goes through the same guard. */
const egressOf = ({ egressAllow }: Config, clock: Clock): Egress => {
  const allow = parseAllow(egressAllow)
  if (allow) return createEgress({ allow, clock })
  throw new ConfigError(
    `Expected "SHEAF_EGRESS_ALLOW" ${settings.egressAllow.allowed}, got ${allowFlaw(egressAllow)}.`,
  )
}

const closeAll = async (kinds: Kinds) => {
  await Promise.all(Object.values(kinds).map((kind) => kind.close?.()))
}

const openConfigured = ({ database, durability }: Config): Store => openSqlite({ file: database, durability })

/** Without `reusePort`, which is Elysia's default: with it, two servers would share a port and nobody would say so. */
const listen = (app: App, { host, port }: Config): void => {
  try {
    app.listen({ hostname: host, port, reusePort: false, idleTimeout: 30 })
  } catch (error) {
    throw new ConfigError(`Cannot listen on ${host}:${port}: ${firstLine(error)}`)
  }
}

const firstLine = (error: unknown) => (error instanceof Error ? error.message : String(error)).split('\n')[0]

const addressOf = ({ server }: App): { hostname: string; port: number } => {
  if (server?.port === undefined || server.hostname === undefined)
    throw new Error('The server does not listen')
  return { hostname: server.hostname, port: server.port }
}
