import type { Delays, Measure } from '../measurement.ts'
import type { LoadAnswer, LoadQuestion } from '../processes/load.ts'
import type { Lagged } from '../rig/lag.ts'
import { submit, untilEnded } from '../rig/sheaf.ts'
import { followAll } from '../rig/subscriber.ts'
import { startTool } from '../rig/tool.ts'
import { startWatched, type Watched } from '../rig/watched.ts'
import { connections, postsTo, submitGets } from '../rig/work.ts'
import { spreadOf } from '../statistics.ts'

/** What others may have to wait for their turn, while the server does what it can. */
const targetP99Ms = 20

interface Load {
  name: string
  /** Whether the target is for it. */
  isHeld: boolean
  run(): Promise<Lagged>
}

/** How long everything else has to wait while a server is under full load. */
export const eventLoop: Measure = {
  name: 'event-loop',
  run: async ({ rounds, noOps, httpTasks, loadMs }) => {
    const [watched, load, upstream] = await Promise.all([
      startWatched(),
      startTool<LoadQuestion, LoadAnswer>('load'),
      startTool<null, string>('upstream'),
    ])
    const url = await upstream.ask(null)
    const loads: Load[] = [
      {
        name: `a job of ${noOps} no-ops runs, with a subscriber`,
        isHeld: true,
        run: () => whileNoOpsRun(watched, noOps),
      },
      {
        name: `a job of ${httpTasks} GETs runs, ${connections} at once`,
        isHeld: true,
        run: () => whileGetsRun(watched, url, httpTasks),
      },
      {
        name: `one-task jobs are posted over ${connections} connections`,
        isHeld: true,
        run: () => watched.lagDuring(() => load.ask(postsTo(watched.url, loadMs))),
      },
      {
        name: `${noOps} tasks are sent in one request`,
        isHeld: false,
        run: () => whileSent(watched, noOps),
      },
    ]
    const found = loads.map((): Lagged[] => [])
    for (let round = 0; round <= Math.ceil(rounds / 2); round++)
      for (const [i, { run }] of loads.entries()) {
        const lag = await run()
        if (round > 0) found[i]?.push(lag)
      }
    await Promise.all([watched.stop(), load.stop(), upstream.stop()])
    return [summaryOf(loads, found)]
  },
}

const whileNoOpsRun = async (watched: Watched, tasks: number): Promise<Lagged> => {
  const { id } = await submit(watched, { tasks: new Array(tasks).fill({ kind: 'sleep', ms: 0 }) })
  return watched.lagDuring(() => followAll(watched.url, id, tasks))
}

const whileGetsRun = async (watched: Watched, upstream: string, tasks: number): Promise<Lagged> => {
  const id = await submitGets(watched, upstream, tasks)
  return watched.lagDuring(() => untilEnded(watched, id))
}

/** Nothing of it runs: it is to start in a day. */
const whileSent = (watched: Watched, tasks: number): Promise<Lagged> => {
  const task = { kind: 'sleep', ms: 0 }
  return watched.lagDuring(() => submit(watched, { delayMs: 86_400_000, tasks: new Array(tasks).fill(task) }))
}

const summaryOf = (loads: readonly Load[], found: readonly Lagged[][]): Delays => ({
  type: 'delays',
  name: 'event loop',
  about:
    'how long who comes at any moment waits for its turn (one each 5 ms, those within a standstill too); synchronous = FULL',
  loads: loads.map(({ name, isHeld }, i) => {
    const of = (pick: (lag: Lagged) => number) => spreadOf((found[i] ?? []).map(pick))
    return {
      name: `while ${name}`,
      p50Ms: of((lag) => lag.p50Ms),
      p99Ms: of((lag) => lag.p99Ms),
      mostMs: of((lag) => lag.mostMs),
      ...(isHeld && { targetP99Ms }),
    }
  }),
})
