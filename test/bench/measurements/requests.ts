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
  /** The share of the bare route that Sheaf is to reach. */
  target?: number
  method: 'GET' | 'POST'
  /** Asked for in turn. */
  paths: readonly [string, ...string[]]
  body?: string
}

/** More jobs than are kept in memory (`RecentJobs`), and than have room in what is kept of pages, of 17 kB each (`KeptPages`). */
const jobs = 600

/** What it costs to answer: each route against one of a bare Elysia app that answers the same bytes. */
export const requests: Measure = {
  name: 'requests',
  run: async (size) => {
    const [sheaf, app, load] = await Promise.all([
      startSheaf(),
      startTool<AppQuestion, string>('bare-app'),
      startTool<LoadQuestion, LoadAnswer & { [detail: string]: number }>('load'),
    ])
    const rig: Rig = { sheaf, app, load }
    const [first, ...others] = await endedJobs(sheaf)
    const comparisons: Comparison[] = []
    for (const asked of routes(first, others)) comparisons.push(await measureRoute(rig, asked, size))
    await Promise.all([sheaf.stop(), app.stop(), load.stop()])
    return comparisons
  },
}

/** The ids of jobs of 100 tasks that have ended. */
const endedJobs = async (sheaf: Sheaf): Promise<[string, ...string[]]> => {
  const make = async () => {
    const { id } = await submit(sheaf, { tasks: new Array(100).fill({ kind: 'sleep', ms: 0 }) })
    await untilEnded(sheaf, id)
    return id
  }
  return [await make(), ...(await Promise.all(Array.from({ length: jobs - 1 }, make)))]
}

const routes = (first: string, others: readonly string[]): Asked[] => {
  const pathOf = (job: string) => `/jobs/${job}`
  const pageOf = (job: string) => `/jobs/${job}/tasks?limit=100`
  const name = 'GET a job'
  const page = 'GET 100 tasks'
  const method = 'GET'
  return [
    { name, about: 'the snapshot of an ended job', target: 0.5, method, paths: [pathOf(first)] },
    {
      name: `${name} of ${jobs}`,
      about: 'the same of many jobs in turn, more than are kept',
      target: 0.5,
      method,
      paths: [pathOf(first), ...others.map(pathOf)],
    },
    {
      name: page,
      about: 'a page of tasks that is asked for again',
      target: 0.5,
      method,
      paths: [pageOf(first)],
    },
    {
      name: `${page}, new`,
      about: `the pages of ${jobs} jobs in turn: none is kept from before`,
      method,
      paths: [pageOf(first), ...others.map(pageOf)],
    },
    {
      name: 'POST one-task jobs',
      about: 'each answered once it is on disk (synchronous = FULL), and run, results kept',
      target: 0.25,
      method: 'POST',
      paths: ['/jobs'],
      body: JSON.stringify({ tasks: [{ kind: 'sleep', ms: 0 }] }),
    },
  ]
}

const measureRoute = async ({ sheaf, app, load }: Rig, asked: Asked, { rounds, loadMs: forMs }: Size) => {
  const { name, about, target, ...request } = asked
  const bareUrl = await app.ask(await capture(sheaf, asked))
  const run = (url: string) => load.ask({ ...request, url, connections, forMs })
  return compare(
    {
      name,
      unit: 'requests/s',
      about: `${about}; ${connections} keep-alive connections`,
      contenders: [
        { name: 'Sheaf', about: `${asked.method} ${asked.paths[0]}`, run: () => run(sheaf.url) },
        {
          name: 'bare Elysia',
          ...(target !== undefined && { target }),
          about: 'a route that parses the same request and answers the same bytes, known in advance',
          run: () => run(bareUrl),
        },
      ],
    },
    rounds,
  )
}

/** What Sheaf answers, for the bare app to answer the same. */
const capture = async ({ url }: Sheaf, { method, paths: [path], body }: Asked): Promise<AppQuestion> => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url + path, { method, ...(body !== undefined && { headers, body }) })
  const kept = [...response.headers].filter(([name]) => !['date', 'content-length'].includes(name))
  return { status: response.status, headers: Object.fromEntries(kept), body: await response.text() }
}
