import { assemble, type PartsOptions } from './assemble.ts'
import { atMost, systemClock } from './clock.ts'
import { type Config, ConfigError } from './config.ts'
import type { Engine } from './engine/engine.ts'
import type { App } from './http/app.ts'

export interface ServeOptions extends Omit<PartsOptions, 'config' | 'app'> {
  config: Config
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
 * Puts the parts together and listens. Throws a StoreError when the database cannot be had, and a ConfigError when the
 * port or the handlers cannot.
 */
export const serve = async (options: ServeOptions): Promise<Server> => {
  const { config, clock = systemClock } = options
  const parts = assemble(options)
  const { app, engine } = parts
  try {
    listen(app, config)
    await parts.start()
  } catch (error) {
    await app.server?.stop(true)
    await parts.close()
    throw error
  }
  const { hostname, port } = addressOf(app)

  let stopped: Promise<void> | undefined
  const stop = async () => {
    await parts.quiesce()
    // Bun waits for whatever is open: the streams are ended, requests may end, and what hangs is cut.
    const closed = app.server?.stop()
    parts.hangUp()
    await atMost(lastWordMs, Promise.resolve(closed), clock)
    await app.server?.stop(true)
    await parts.close()
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
