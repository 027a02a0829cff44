import { compare } from '../compare.ts'
import type { Absent, Measure } from '../measurement.ts'
import { install } from '../rig/install.ts'
import { runNoOps } from '../rig/no-ops.ts'
import { absent, type Opened, sort } from '../rig/opened.ts'
import type { PeerQuestion } from '../rig/peer.ts'
import { peers as known, type Peer } from '../rig/peers.ts'
import { startSheaf } from '../rig/sheaf.ts'
import { startTool } from '../rig/tool.ts'

/** No-op tasks beside other queues that npm provides: what it costs to run jobs, and to know of each that it ended. */
export const peers: Measure = {
  name: 'peers',
  run: async ({ rounds, noOps: tasks }) => {
    const flaw = install()
    if (flaw !== undefined) return [absent('Other queues', `could not be installed in test/bench: ${flaw}`)]
    const [sheaf, ...all] = await Promise.all([startSheaf(), ...known.map((peer) => open(peer, tasks))])
    const { opened, missing } = sort(all)
    const comparison = await compare(
      {
        name: 'no-op tasks beside other queues',
        unit: 'tasks/s',
        about: `from the acknowledgement of all, enqueued in bulk, to the last that is known to have ended; ${tasks} for Sheaf, fewer for the others`,
        contenders: [
          {
            name: 'Sheaf',
            about:
              'a job over REST, followed over a WebSocket; SQLite, WAL, synchronous = FULL, results kept',
            run: () => runNoOps(sheaf, tasks),
          },
          ...opened.map(({ contender }) => contender),
        ],
      },
      rounds,
    )
    await Promise.all([sheaf.stop(), ...opened.map(({ stop }) => stop())])
    return [comparison, ...missing]
  },
}

const open = async (peer: Peer, tasks: number): Promise<Opened | Absent> => {
  const { process, share, open, ...contender } = peer
  const question = { tasks: Math.ceil(tasks * share) }
  try {
    const place = await open()
    const tool = await startTool<PeerQuestion, number>(`peers/${process}`)
    return {
      contender: {
        ...contender,
        about: `${question.tasks} tasks; ${contender.about}`,
        run: async () => ({ rate: await tool.ask({ ...question, place: place.at }) }),
      },
      stop: async () => {
        await tool.stop()
        await place.close()
      },
    }
  } catch (error) {
    return absent(peer.name, error instanceof Error ? error.message : String(error))
  }
}
