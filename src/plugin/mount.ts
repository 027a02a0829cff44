import { Elysia } from 'elysia'
import type { App } from '../http/app.ts'
import { createLocal, type LocalSheaf } from './local.ts'
import type { Running } from './running.ts'

/** Sets Sheaf into the app that uses what this gives: its routes under the prefix, `sheaf` in the context, its life tied to the app's. */
export const mount = <const Prefix extends string>(running: Running, prefix: Prefix): Plugin<Prefix> => {
  const answer = async ({ request, server }: Asked): Promise<Response> => {
    const { app } = await running.begin()
    // Where it upgrades sockets, and sets how long a request may be silent.
    app.server = server
    return app.handle(request)
  }
  const plugin = new Elysia({ name: 'sheaf', seed: [prefix, running.name] })
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
    let stopped: Promise<Host> | undefined
    const stopHost = () => {
      stopped ??= stop(closeActiveConnections)
      return stopped
    }
    await running.stop(stopHost)
    // Had somebody told Sheaf to stop before, nothing of the app was waited for then.
    return stopHost()
  }
}

interface Stoppable<Host> {
  stop: (closeActiveConnections?: boolean) => Promise<Host>
}

/** What `sheaf(options)` gives, and the `plugin` of `testSheaf`: for an app of parts that are given it. */
export type Plugin<Prefix extends string> = ReturnType<typeof typed<Prefix>>

const typed = <Prefix extends string>(prefix: Prefix, app: App, local: LocalSheaf) =>
  new Elysia({ name: 'sheaf', prefix }).decorate('sheaf', local).use(app)
