import { join } from 'node:path'
import { temporaryFolder } from '../support/folder.ts'
import { freePort, ServerProcess } from '../support/process.ts'
import type { ClusterKind, End } from './cluster.ts'
import { environment } from './local.ts'

const signals = { stop: 'SIGTERM', kill: 'SIGKILL' } as const satisfies Record<End, NodeJS.Signals>

/** A server in a process of its own, on a file: it can be killed in the midst of anything. */
export const processes: ClusterKind = {
  name: 'one process',
  ends: ['stop', 'kill', 'kill', 'kill'],
  async open() {
    const folder = temporaryFolder()
    const port = freePort()
    const env = { ...environment, SHEAF_HANDLERS: join(import.meta.dir, 'handlers.ts') }
    let server = new ServerProcess(folder.path, port, env)
    await server.ready()
    const node = {
      url: server.url,
      lives: 0,
      async restart(end: End) {
        node.lives += 1
        await server.kill(signals[end])
        server = new ServerProcess(folder.path, port, env)
        await server.ready()
      },
    }
    return {
      nodes: [node],
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]()
        folder[Symbol.dispose]()
      },
    }
  },
}
