import { compare, type Sample } from '../compare.ts'
import type { Delays, Measure, Size } from '../measurement.ts'
import type { LoadAnswer, LoadQuestion } from '../processes/load.ts'
import type { Lagged } from '../rig/lag.ts'
import { runJobs } from '../rig/lots.ts'
import { submit } from '../rig/sheaf.ts'
import { startTool, type Tool } from '../rig/tool.ts'
import { startWatched, type Watched } from '../rig/watched.ts'
import { connections, postsTo, runGets } from '../rig/work.ts'
import { spreadOf } from '../statistics.ts'
import { measureRun } from './delay.ts'

/** How much longer each commit takes on the slow disk. */
const syncMs = 10

interface Disks {
  slow: Watched
  quick: Watched
  load: Tool<LoadQuestion, LoadAnswer & { [detail: string]: number }>
  upstream: string
}

/** Of the tasks that other measures run: it is slow, and there are two disks. */
const share = 0.25

/** What a disk costs whose fsync takes 10 ms longer, as on a network: throughput, and how long others wait. */
export const slowDisk: Measure = {
  name: 'slow-disk',
  run: async (whole) => {
    const size = { ...whole, noOps: share * whole.noOps, httpTasks: share * whole.httpTasks }
    const [load, upstream, slow, quick] = await Promise.all([
      startTool<LoadQuestion, LoadAnswer & { [detail: string]: number }>('load'),
      startTool<null, string>('upstream'),
      startWatched({ syncMs }),
      startWatched(),
    ])
    const disks: Disks = { slow, quick, load, upstream: await upstream.ask(null) }
    const found = [...(await rates(disks, size)), await delays(disks, size)]
    await Promise.all([slow.stop(), quick.stop(), load.stop(), upstream.stop()])
    return found
  },
}

const rates = async (disks: Disks, { rounds, noOps, httpTasks, loadMs }: Size) => {
  const works: { name: string; unit: string; run: (sheaf: Watched) => Promise<Sample> }[] = [
    { name: 'no-ops', unit: 'tasks/s', run: (sheaf) => runJobs(sheaf, 1, noOps) },
    {
      name: 'HTTP tasks',
      unit: 'tasks/s',
      run: async (sheaf) => ({ rate: await runGets(sheaf, disks.upstream, httpTasks) }),
    },
    {
      name: 'POST one-task jobs',
      unit: 'requests/s',
      run: (sheaf) => disks.load.ask(postsTo(sheaf.url, loadMs)),
    },
  ]
  const comparisons = []
  for (const { name, unit, run } of works)
    comparisons.push(
      await compare(
        {
          name: `${name} on a slow disk`,
          unit,
          about: `${connections} at once where they are requests; a commit blocks the thread for ${syncMs} ms more`,
          contenders: [
            { name: 'slow', about: `${syncMs} ms more`, run: () => run(disks.slow) },
            { name: 'as it is', about: 'the disk of this machine', run: () => run(disks.quick) },
          ],
        },
        Math.ceil(rounds / 4),
      ),
    )
  return comparisons
}

/** Beside GETs that run as fast as they can, except the last, which has a load of its own. */
const delays = async (disks: Disks, size: Size): Promise<Delays> => {
  const loads: Delays['loads'] = []
  for (const [disk, sheaf] of [
    ['slow', disks.slow],
    ['as it is', disks.quick],
  ] as const) {
    const lag = await sheaf.lagDuring(() => runGets(sheaf, disks.upstream, size.httpTasks))
    const { id } = await submit(sheaf, { tasks: [{ kind: 'sleep', ms: 0 }] })
    const get = { url: `${sheaf.url}/jobs/${id}`, method: 'GET', connections: 1, forMs: size.loadMs } as const
    const [read] = await Promise.all([disks.load.ask(get), runGets(sheaf, disks.upstream, size.httpTasks)])
    const told = await measureRun(sheaf, { rate: 2_000, concurrency: 100 }, size.steadyMs)
    loads.push(
      rowOf(`${disk}: the event loop`, lag),
      rowOf(`${disk}: GET a job`, read),
      rowOf(`${disk}: commit to subscriber, 2000 tasks/s`, told),
    )
  }
  return {
    type: 'delays',
    name: 'delays on a slow disk',
    about: `while ${connections} GETs at once run as fast as they can; a commit blocks the thread for ${syncMs} ms more`,
    loads,
  }
}

const rowOf = (name: string, { p50Ms, p99Ms, mostMs }: Lagged): Delays['loads'][number] => ({
  name,
  p50Ms: spreadOf([p50Ms]),
  p99Ms: spreadOf([p99Ms]),
  mostMs: spreadOf([mostMs]),
})
