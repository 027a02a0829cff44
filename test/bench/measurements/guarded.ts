import { compare } from '../compare.ts'
import type { Measure } from '../measurement.ts'
import type { FetchQuestion } from '../processes/bare-fetch.ts'
import { scraping } from '../rig/scraping.ts'
import { limit, startSheaf } from '../rig/sheaf.ts'
import { startTool } from '../rig/tool.ts'
import { connections, runGets } from '../rig/work.ts'

const retry = { attempts: 5, delayMs: 1_000 }
/** Counts each start, and is never reached. */
const rate = { limit: 1_000_000, perMs: 1_000 }

/** What it costs to call with everything on that a careful operator turns on, none of which has anything to do. */
export const guarded: Measure = {
  name: 'guarded',
  run: async ({ rounds, httpTasks: tasks }) => {
    const upstream = await startTool<null, string>('upstream')
    // By their addresses, so that both of what the name stands for are vetted.
    const sheaf = await startSheaf({ allow: '127.0.0.1, ::1' })
    const fetches = await startTool<FetchQuestion, number>('bare-fetch')
    const url = await upstream.ask(null)
    const named = url.replace('127.0.0.1', 'localhost')
    await limit(sheaf, `http:${new URL(named).host}`, { concurrency: connections, rate })
    const comparison = await compare(
      {
        name: 'HTTP tasks with all guards on',
        unit: 'tasks/s',
        about: `${tasks} GETs as above, of a host name that the egress guard resolves and vets; its queue has a concurrency of ${connections} and a rate that does not bind, the job retries, and its metrics are asked for once a second`,
        contenders: [
          {
            name: 'Sheaf',
            about: 'one job, from its acknowledgement to its end',
            run: () => scraping(sheaf, async () => ({ rate: await runGets(sheaf, named, tasks, { retry }) })),
          },
          {
            name: 'bare fetch',
            target: 0.55,
            about: 'a loop of fetch and response.json(), with none of it, results in memory',
            run: async () => ({
              rate: await fetches.ask({ url, requests: tasks, concurrency: connections }),
            }),
          },
        ],
      },
      rounds,
    )
    await Promise.all([sheaf, fetches, upstream].map((part) => part.stop()))
    return [comparison]
  },
}
