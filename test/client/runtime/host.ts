import { startServer } from '../../support/server.ts'
import { createGate } from '../support/gate.ts'

export const token = 'a-secret-of-more-than-16'

/** The server that the program is to be run against, which is restarted while that follows a job. */
export const startHost = async () => {
  const gate = createGate()
  for (const task of ['first', 'second']) gate.succeed(task)
  gate.fail('broken', 'out of paper')
  const handlers = [gate.handler]
  const env = { SHEAF_TOKENS: `submit:${token}` }
  const server = await startServer({ env, handlers })
  let restarted: Awaited<ReturnType<typeof startServer>> | undefined
  return {
    url: server.url,
    async restartWhenFollowed() {
      await gate.running('following')
      await server.stop()
      restarted = await startServer({
        env: { ...env, PORT: String(server.port), SHEAF_DATABASE: server.database },
        handlers,
      })
      for (const task of ['following', 'held']) gate.succeed(task)
    },
    async [Symbol.asyncDispose]() {
      await restarted?.[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}
