import { type Comparison, compare } from '../compare.ts'
import type { Measure, Size } from '../measurement.ts'
import type { AppQuestion } from '../processes/bare-app.ts'
import type { LoadAnswer, LoadQuestion } from '../processes/load.ts'
import { type Sheaf, startSheaf, submit, untilEnded } from '../rig/sheaf.ts'
import { startTool, type Tool } from '../rig/tool.ts'

const connections = 64

interface Rig {
  sheaf: Sheaf
  app: Tool<AppQuestion, string>
  load: Tool<LoadQuestion, LoadAnswer & { [detail: string]: number }>
}

interface Asked {
  name: string
  about: string
  method: 'GET' | 'POST'
  path: string
  body?: string
}

/** What it costs to answer: each route against one of a bare Elysia app that answers the same bytes. */
export const requests: Measure = {
  name: 'requests',
  run: async (size) => {
    const rig: Rig = {
      sheaf: await startSheaf(),
      app: await startTool('bare-app'),
      load: await startTool('load'),
    }
    const job = await submit(rig.sheaf, { tasks: new Array(100).fill({ kind: 'sleep', ms: 0 }) })
    await untilEnded(rig.sheaf, job.id)
    const comparisons: Comparison[] = []
    for (const asked of routes(job.id)) comparisons.push(await measureRoute(rig, asked, size))
    await Promise.all([rig.sheaf.stop(), rig.app.stop(), rig.load.stop()])
    return comparisons
  },
}

const routes = (job: string): Asked[] => [
  { name: 'GET a job', about: 'the snapshot of an ended job', method: 'GET', path: `/jobs/${job}` },
  { name: 'GET 100 tasks', about: 'a page of tasks', method: 'GET', path: `/jobs/${job}/tasks?limit=100` },
  {
    name: 'POST one-task jobs',
    about: 'each answered once it is on disk (synchronous = FULL), and run, results kept',
    method: 'POST',
    path: '/jobs',
    body: JSON.stringify({ tasks: [{ kind: 'sleep', ms: 0 }] }),
  },
]

const measureRoute = async ({ sheaf, app, load }: Rig, asked: Asked, { rounds, loadMs: forMs }: Size) => {
  const { name, about, path, ...request } = asked
  const bareUrl = await app.ask(await capture(sheaf, asked))
  const run = (url: string) => load.ask({ ...request, url: url + path, connections, forMs })
  return compare(
    {
      name,
      unit: 'requests/s',
      about: `${about}; ${connections} keep-alive connections`,
      contenders: [
        { name: 'Sheaf', about: `${asked.method} ${path}`, run: () => run(sheaf.url) },
        {
          name: 'bare Elysia',
          about: 'a route that parses the same request and answers the same bytes, known in advance',
          run: () => run(bareUrl),
        },
      ],
    },
    rounds,
  )
}

/** What Sheaf answers, for the bare app to answer the same. */
const capture = async ({ url }: Sheaf, { method, path, body }: Asked): Promise<AppQuestion> => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url + path, { method, ...(body !== undefined && { headers, body }) })
  const kept = [...response.headers].filter(([name]) => !['date', 'content-length'].includes(name))
  return { status: response.status, headers: Object.fromEntries(kept), body: await response.text() }
}
