import { compare } from '../compare.ts'
import type { Measure } from '../measurement.ts'
import type { TrickleQuestion } from '../processes/trickle.ts'
import { act, add, type Sheaf, startSheaf, submit } from '../rig/sheaf.ts'
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
        about: `a job of ${tasks} no-ops, from its start to the last event at a subscriber that reads; synchronous = FULL`,
        contenders: [
          {
            name: 'with one that takes 1 KB/s',
            about: 'of all that is told of the same job',
            run: () => measure(sheaf, tasks, trickle),
          },
          {
            name: 'the same without it',
            target: 0.9,
            about: 'the same otherwise',
            run: () => measure(sheaf, tasks),
          },
        ],
      },
      Math.ceil(rounds / 2),
    )
    await Promise.all([sheaf.stop(), trickle.stop()])
    return [comparison]
  },
}

/** How many tasks are sent at once: a server that reads them does nothing else. */
const piece = 5_000

const measure = async (sheaf: Sheaf, tasks: number, trickle?: Trickle) => {
  const { id } = await submit(sheaf, { sealed: false, tasks: [] })
  await act(sheaf, id, 'pause')
  for (let at = 0; at < tasks; at += piece) {
    const more = new Array(Math.min(piece, tasks - at)).fill({ kind: 'sleep', ms: 0 })
    await add(sheaf, id, { tasks: more, seal: at + piece >= tasks })
  }
  await trickle?.ask({ type: 'open', url: `${sheaf.url}/events`, job: id })
  const ended = followAll(sheaf.url, id, tasks)
  const started = performance.now()
  await act(sheaf, id, 'resume')
  await ended
  const rate = tasks / ((performance.now() - started) / 1_000)
  const slowlyRead = await trickle?.ask({ type: 'close' })
  return { rate, ...(slowlyRead !== undefined && { slowlyRead }) }
}
