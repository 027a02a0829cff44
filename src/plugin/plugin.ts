import { Elysia } from 'elysia'
import type { App } from '../http/app.ts'
import { createLocal, type LocalSheaf } from './local.ts'
import { defaultPrefix, readOptions, type SheafOptions } from './options.ts'
import { Running } from './running.ts'

/**
 * Sheaf as an Elysia plugin: its routes under a prefix, and `sheaf` in the context of the app's own. It opens its database when the app
 * starts to listen, or at the first use, and stops when the app does. Used twice with the same prefix and database, it is
 * there once. Throws a ConfigError for an option that cannot be used.
 *
 * What the app does to its own requests (hooks, error handlers, schemas) does nothing to Sheaf's answers, and the other way
 * round; only what the app refuses before, by a hook that it adds before this plugin, does not get here.
 */
export const sheaf = <const Prefix extends string = typeof defaultPrefix>(
  options: SheafOptions<Prefix> = {},
) => {
  const parts = readOptions(options)
  const prefix = options.prefix ?? defaultPrefix
  const running = new Running(parts)
  const answer = async ({ request, server }: Asked): Promise<Response> => {
    const { app } = await running.begin()
    // Where it upgrades sockets, and sets how long a request may be silent.
    app.server = server
    return app.handle(request)
  }
  const plugin = new Elysia({ name: 'sheaf', seed: [prefix, parts.config.database] })
    .decorate('sheaf', createLocal(running))
    .onStart((host) => {
      stopWith(host, running)
      void running.begin()
    })
    // Not as routes of the app: its hooks would run in them, and its error handlers answer for them.
    .all(prefix, answer, untouched)
    .all(`${prefix}/*`, answer, untouched)
  // The routes are those of an app that is not there yet: their types are all that the app's own clients need.
  return plugin as unknown as Plugin<Prefix>
}

interface Asked {
  request: Request
  server: App['server']
}

/** The body is Sheaf's to read; and its routes are in a document of its own. */
const untouched = { parse: 'none', detail: { hide: true } } as const

/**
 * Bun waits for whatever is open, and Elysia calls its hooks when that is over: with one open stream, never. So what is open
 * is ended before.
 */
const stopWith = <Host>(host: Stoppable<Host>, running: Running): void => {
  const { stop } = host
  host.stop = async (closeActiveConnections) => {
    host.stop = stop
    const { promise, resolve } = Promise.withResolvers<Host>()
    await running.stop(async () => resolve(await stop(closeActiveConnections)))
    return promise
  }
}

interface Stoppable<Host> {
  stop: (closeActiveConnections?: boolean) => Promise<Host>
}

type Plugin<Prefix extends string> = ReturnType<typeof typed<Prefix>>

const typed = <Prefix extends string>(prefix: Prefix, app: App, local: LocalSheaf) =>
  new Elysia({ name: 'sheaf', prefix }).decorate('sheaf', local).use(app)
