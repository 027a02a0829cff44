import { systemClock } from '../../src/clock.ts'
import { readConfig } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'
import { type ServeOptions, type Server, serve } from '../../src/serve.ts'
import { temporaryFolder } from './folder.ts'

export interface ServerOptions extends Partial<Omit<ServeOptions, 'config'>> {
  /** Environment variables, over those of a server on a free port and a file of its own. */
  env?: Record<string, string>
}

export type TestServer = Server & { database: string } & AsyncDisposable

/** The real server, in this process, on a real file and a free port: `await using server = await startServer()`. */
export const startServer = async ({ env = {}, ...options }: ServerOptions = {}): Promise<TestServer> => {
  const folder = temporaryFolder()
  const config = readConfig({
    PORT: '0',
    SHEAF_DATABASE: folder.file('sheaf.db'),
    SHEAF_LOG: 'error',
    SHEAF_GRACE_MS: '0',
    SHEAF_EGRESS_ALLOW: '127.0.0.1,localhost',
    ...env,
  })
  const log = createLog({ level: config.log, clock: systemClock })
  try {
    const server = await serve({ config, log, ...options })
    return {
      ...server,
      database: config.database,
      [Symbol.asyncDispose]: async () => {
        await server.stop()
        folder[Symbol.dispose]()
      },
    }
  } catch (error) {
    folder[Symbol.dispose]()
    throw error
  }
}
