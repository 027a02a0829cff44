import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { defineHandler, sheaf } from '../../src/index.ts'
import type { SheafOptions } from '../../src/plugin/options.ts'
import { temporaryFolder } from '../support/folder.ts'

export const greet = defineHandler({
  name: 'greet',
  input: Type.Object({ name: Type.String() }),
  output: Type.String(),
  run: ({ name }) => `Hello, ${name}!`,
})

export const refuse = defineHandler({
  name: 'refuse',
  input: Type.Unknown(),
  output: Type.String(),
  run: () => {
    throw new Error('the handler says no')
  },
})

/** An app of someone's, with Sheaf at `/gather`; it does not listen yet. */
export const hostApp = (database: string, options: SheafOptions = {}) =>
  new Elysia().use(
    sheaf({ handlers: [greet, refuse], graceMs: 0, log: 'silent', ...options, database, prefix: '/gather' }),
  )

/** The same on a file of its own. Dispose of it with `await using`. */
export const startHost = (options: SheafOptions = {}) => {
  const folder = temporaryFolder()
  const database = folder.file('app.db')
  const app = hostApp(database, options)
  const { sheaf: local } = app.decorator
  return {
    app,
    local,
    database,
    /** Listens on a free port; gives the URL of the app. */
    listen(): string {
      app.listen({ port: 0, hostname: '127.0.0.1' })
      return `http://127.0.0.1:${app.server?.port}`
    },
    async [Symbol.asyncDispose]() {
      if (app.server) await app.stop(true)
      await local.stop()
      folder[Symbol.dispose]()
    },
  }
}
