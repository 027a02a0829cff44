import type { Bounds, Measure } from '../measurement.ts'
import type { ReadersAnswer, ReadersQuestion } from '../processes/readers.ts'
import { cpuMsOf, knowsProcesses, memoryOf } from '../rig/process.ts'
import { queuedFile } from '../rig/queued.ts'
import { startSheaf } from '../rig/sheaf.ts'
import { startTool } from '../rig/tool.ts'

/** How long it takes the server to come to rest, and what it has let go of to be given back. */
const restMs = 3_000

/** What a server costs that has nothing to do, though much waits and many look on. */
export const idle: Measure = {
  name: 'idle',
  run: async ({ crowd, watching, steadyMs }) => {
    if (!knowsProcesses)
      return [{ type: 'absent', name: 'idle', about: 'memory and CPU time are read from /proc: needs Linux' }]
    const { database, job, remove } = await queuedFile(crowd)
    const sheaf = await startSheaf({ database })
    const readers = await startTool<ReadersQuestion, ReadersAnswer>('readers')
    await readers.ask({ type: 'open', url: `${sheaf.url}/events`, sockets: watching, job })
    await Bun.sleep(restMs)
    const memory = memoryOf(sheaf.pid)
    const before = cpuMsOf(sheaf.pid)
    const since = performance.now()
    await Bun.sleep(steadyMs)
    const cpu = (cpuMsOf(sheaf.pid) - before) / ((performance.now() - since) / 1_000)
    await Promise.all([sheaf.stop(), readers.stop()])
    await remove()
    const bounds: Bounds = {
      type: 'bounds',
      name: 'idle',
      about: `${watching} subscribers of a job of ${crowd} tasks, all of them queued in a paused queue; ${restMs / 1_000} s after the last subscribed`,
      values: [one('memory (RSS)', 'MB', memory, 250), one('CPU time', 'ms/s', cpu, 5)],
    }
    return [bounds]
  },
}

const one = (name: string, unit: string, value: number, most: number): Bounds['values'][number] => ({
  name,
  unit,
  value: { median: value, least: value, most: value },
  most,
  samples: [value],
})
