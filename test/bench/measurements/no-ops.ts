import { compare } from '../compare.ts'
import type { Measure } from '../measurement.ts'
import type { LoopQuestion } from '../processes/bare-loop.ts'
import { newFolder } from '../rig/folder.ts'
import { runNoOps } from '../rig/no-ops.ts'
import { startSheaf } from '../rig/sheaf.ts'
import { startTool } from '../rig/tool.ts'

/** As many as Sheaf runs at once, and so settles in a commit, unless it is told otherwise. */
const batch = 256

/** What it costs to keep tasks: tasks that do nothing, from the acknowledgement of the job to the last event at its subscriber. */
export const noOps: Measure = {
  name: 'no-ops',
  run: async ({ rounds, noOps: tasks }) => {
    const [sheaf, loop] = await Promise.all([startSheaf(), startTool<LoopQuestion, number>('bare-loop')])
    const { path, remove } = newFolder()
    const comparison = await compare(
      {
        name: 'no-op tasks',
        unit: 'tasks/s',
        about: `a job of ${tasks} tasks; synchronous = FULL, up to ${batch} tasks a commit, results kept`,
        contenders: [
          {
            name: 'Sheaf',
            about: 'submitted over REST, followed by a subscriber over a WebSocket',
            run: () => runNoOps(sheaf, tasks),
          },
          {
            name: 'bare loop',
            target: 0.7,
            about: 'the same SQL on raw bun:sqlite, in a loop with nothing around it, told to nobody',
            run: async () => ({ rate: await loop.ask({ file: `${path}/bare.db`, tasks, batch }) }),
          },
        ],
      },
      rounds,
    )
    await Promise.all([sheaf.stop(), loop.stop()])
    await remove()
    return [comparison]
  },
}
