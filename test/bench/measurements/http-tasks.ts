import { compare } from '../compare.ts'
import type { Measure } from '../measurement.ts'
import type { FetchQuestion } from '../processes/bare-fetch.ts'
import { openGather } from '../rig/gather.ts'
import { sort } from '../rig/opened.ts'
import { startSheaf, submit, untilEnded } from '../rig/sheaf.ts'
import { startTool } from '../rig/tool.ts'

const concurrency = 64

/** What it costs to make calls durable: GET requests to an upstream that answers at once, against the same without Sheaf. */
export const httpTasks: Measure = {
  name: 'http-tasks',
  run: async ({ rounds, httpTasks: tasks }) => {
    const [sheaf, upstream, fetches] = await Promise.all([
      startSheaf(),
      startTool<null, string>('upstream'),
      startTool<FetchQuestion, number>('bare-fetch'),
    ])
    const url = await upstream.ask(null)
    const spec = {
      concurrency,
      tasks: Array.from({ length: tasks }, (_, index) => ({ kind: 'http', url: `${url}/users/${index}` })),
    }
    // Slow beside the others: fewer calls do for a rate.
    const { opened, missing } = sort([await openGather(url, Math.ceil(tasks / 25), concurrency)])
    const comparison = await compare(
      {
        name: 'HTTP tasks',
        unit: 'tasks/s',
        about: `${tasks} GETs of 200 bytes of JSON, ${concurrency} at once, from an upstream in another process; synchronous = FULL, results kept`,
        contenders: [
          {
            name: 'Sheaf',
            about: 'one job, from its acknowledgement to its end',
            run: async () => {
              const { id } = await submit(sheaf, spec)
              const acknowledged = Date.now()
              const { counts, finishedAt } = await untilEnded(sheaf, id)
              if (counts.succeeded !== tasks)
                throw new Error(`Expected ${tasks} successes, got ${counts.succeeded}`)
              return { rate: tasks / ((Date.parse(finishedAt ?? '') - acknowledged) / 1_000) }
            },
          },
          {
            name: 'bare fetch',
            target: 0.65,
            about: 'a loop of fetch and response.json(), results in memory',
            run: async () => ({ rate: await fetches.ask({ url, requests: tasks, concurrency }) }),
          },
          ...opened.map(({ contender }) => contender),
        ],
      },
      rounds,
    )
    await Promise.all([sheaf, fetches, upstream, ...opened].map((part) => part.stop()))
    return [comparison, ...missing]
  },
}
