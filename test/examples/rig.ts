import { createApp, handlersOf } from '../../src/examples/fastapi/app.ts'
import type { SheafOptions } from '../../src/plugin/options.ts'
import { fakeClock, testSheaf } from '../../src/testing.ts'
import { temporaryFolder } from '../support/folder.ts'

type Options = SheafOptions<'/sheaf'> & { upstream?: string }

/** The example, with a Sheaf in memory and a clock that the test drives; it does not listen yet. Dispose of it with `await using`. */
export const exampleApp = ({ upstream = '', ...options }: Options = {}) => {
  const folder = temporaryFolder()
  const database = folder.file('app.db')
  const clock = fakeClock()
  const waits = new Waits()
  const wait = (ms: number) =>
    new Promise<void>((resolve) => {
      clock.after(ms, resolve)
      waits.add()
    })
  const sheaf = testSheaf({
    clock,
    handlers: handlersOf(wait),
    sources: `shop=sqlite:${database}`,
    ...options,
  })
  const app = createApp({ plugin: sheaf.plugin, upstream, database, notes: folder.file('notes'), wait })
  return {
    app,
    clock,
    sheaf,
    waits,
    database,
    async [Symbol.asyncDispose]() {
      if (app.server) await app.stop(true)
      await sheaf[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

/** The same on a free port: `url` is where it listens. */
export const startExample = (options: Options = {}) => {
  const example = exampleApp(options)
  example.app.listen({ port: 0, hostname: '127.0.0.1' })
  return { ...example, url: `http://127.0.0.1:${example.app.server?.port}` }
}

/** How often the app has begun to wait. */
class Waits {
  #begun = 0
  #wanted = Number.POSITIVE_INFINITY
  #reached = () => {}

  add(): void {
    this.#begun++
    if (this.#begun >= this.#wanted) this.#reached()
  }

  /** Resolves when it has begun to so often. */
  reach(times: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wanted = times
      this.#reached = resolve
      if (this.#begun >= times) resolve()
    })
  }
}

export const json = (method: string, body: unknown): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

/** The status of a response, and what it says. */
export const told = async (asked: Promise<Response>): Promise<[status: number, body: unknown]> => {
  const response = await asked
  return [response.status, await response.json()]
}

/** Whether a promise has been settled yet, as far as is known here. */
export const settledOf = (promise: Promise<unknown>): (() => boolean) => {
  let settled = false
  const settle = () => {
    settled = true
  }
  promise.then(settle, settle)
  return () => settled
}
