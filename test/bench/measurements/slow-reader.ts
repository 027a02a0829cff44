import { compare } from '../compare.ts'
import type { Measure } from '../measurement.ts'
import type { TrickleQuestion } from '../processes/trickle.ts'
import { add, type Sheaf, startSheaf, submit } from '../rig/sheaf.ts'
import { followAll } from '../rig/subscriber.ts'
import { startTool, type Tool } from '../rig/tool.ts'

type Trickle = Tool<TrickleQuestion, number>

/** What a subscriber that hardly reads costs the job that it follows, and who follows it, too. */
export const slowReader: Measure = {
  name: 'slow reader',
  run: async ({ rounds, slowTasks: tasks }) => {
    const sheaf = await startSheaf()
    const trickle: Trickle = await startTool('trickle')
    const comparison = await compare(
      {
        name: 'beside a slow reader',
        unit: 'tasks/s',
        about: `a job of ${tasks} no-ops, from the acknowledgement to the last event at a subscriber that reads; synchronous = FULL`,
        target: { least: 0.9, stretch: 1 },
        contenders: [
          {
            name: 'with one that takes 1 KB/s',
            about: 'of all that is told of the same job',
            run: () => measure(sheaf, tasks, trickle),
          },
          { name: 'without', about: 'the same otherwise', run: () => measure(sheaf, tasks) },
        ],
      },
      Math.ceil(rounds / 2),
    )
    await Promise.all([sheaf.stop(), trickle.stop()])
    return [comparison]
  },
}

const measure = async (sheaf: Sheaf, tasks: number, trickle?: Trickle) => {
  const { id } = await submit(sheaf, { sealed: false, tasks: [] })
  await trickle?.ask({ type: 'open', url: `${sheaf.url}/events`, job: id })
  const ended = followAll(sheaf.url, id, tasks)
  await add(sheaf, id, { tasks: new Array(tasks).fill({ kind: 'sleep', ms: 0 }), seal: true })
  const acknowledged = performance.now()
  await ended
  const rate = tasks / ((performance.now() - acknowledged) / 1_000)
  const slowlyRead = await trickle?.ask({ type: 'close' })
  return { rate, ...(slowlyRead !== undefined && { slowlyRead }) }
}
