import { systemClock } from '../../src/clock.ts'
import { readConfig } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'
import { type Server, serve } from '../../src/serve.ts'
import { openSqlite } from '../../src/store/sqlite/open.ts'
import type { Store } from '../../src/store/store.ts'
import { Probe } from '../engine/kit/probe.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort } from '../support/process.ts'
import type { ClusterKind } from './cluster.ts'
import { work } from './handlers.ts'

/** The environment of every server of this suite. */
export const environment = { SHEAF_GRACE_MS: '0', SHEAF_CONCURRENCY: '24', SHEAF_LOG: 'error' }

/** How many turns of the event loop the store takes, one time after the other: as one over a network does. */
const delays = [0, 1, 0, 3, 0, 0, 2, 7, 0, 1]

/** A server in this process, on a file. */
export const local: ClusterKind = {
  name: 'one node',
  ends: ['stop'],
  async open() {
    const folder = temporaryFolder()
    const config = readConfig({
      ...environment,
      PORT: String(freePort()),
      SHEAF_DATABASE: folder.file('sheaf.db'),
      SHEAF_DURABILITY: 'normal',
    })
    const log = createLog({ level: config.log, clock: systemClock })
    const openStore = () => slow(openSqlite({ file: config.database, durability: config.durability }))
    const start = (): Promise<Server> => serve({ config, log, handlers: [work], openStore })
    let server = await start()
    const node = {
      url: server.url,
      lives: 0,
      async restart() {
        node.lives += 1
        await server.stop()
        server = await start()
      },
    }
    return {
      nodes: [node],
      async [Symbol.asyncDispose]() {
        await server.stop()
        folder[Symbol.dispose]()
      },
    }
  },
}

const slow = (store: Store): Store => {
  const probe = new Probe(store)
  let asked = 0
  const delay = async () => {
    asked += 1
    for (let left = delays[asked % delays.length] ?? 0; left > 0; left -= 1)
      await new Promise<void>((resolve) => setImmediate(resolve))
  }
  probe.beforeRead = delay
  probe.afterRead = delay
  probe.beforeCommit = delay
  probe.afterCommit = delay
  return probe
}
