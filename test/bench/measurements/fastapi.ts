import { Database } from 'bun:sqlite'
import { type Comparison, type Contender, compare, type Plan } from '../compare.ts'
import type { Measure } from '../measurement.ts'
import type { ElysiaQuestion } from '../processes/elysia-app.ts'
import type { LoadAnswer, LoadQuestion } from '../processes/load.ts'
import { findPython, packages, startFastapi, versionsOf } from '../rig/fastapi.ts'
import { newFolder } from '../rig/folder.ts'
import { startTool } from '../rig/tool.ts'

interface Endpoint {
  name: string
  about: string
  method?: 'GET' | 'POST'
  connections: number
  /** The first is what the others are compared to. */
  sides: [Side, ...Side[]]
}

interface Side {
  app: 'elysia' | 'fastapi'
  name: string
  path: string
  /** What the first does and it does not. */
  lacks?: string
}

const both = (path: string, lacks = 'neither keeps anything on disk'): [Side, Side] => [
  { app: 'elysia', name: 'Elysia with Sheaf', path },
  { app: 'fastapi', name: 'FastAPI', path, lacks },
]

const endpoints: Endpoint[] = [
  { name: 'hello', about: 'JSON', connections: 64, sides: both('/hello') },
  { name: 'wait', about: 'awaits 20 ms', connections: 256, sides: both('/wait') },
  {
    name: 'gather',
    about: '100 calls of an upstream a request',
    connections: 4,
    sides: [
      { app: 'elysia', name: 'sheaf.all, durable', path: '/gather/durable' },
      {
        app: 'elysia',
        name: 'Elysia, Promise.all of fetch',
        path: '/gather',
        lacks: 'keeps neither calls nor results on disk',
      },
      {
        app: 'fastapi',
        name: 'FastAPI, asyncio.gather of httpx',
        path: '/gather',
        lacks: 'keeps neither calls nor results on disk',
      },
    ],
  },
  {
    name: 'row',
    about: 'one row of SQLite by its key; in FastAPI in its pool of threads',
    connections: 64,
    sides: both('/row', 'neither keeps anything new on disk'),
  },
  {
    name: 'background',
    about: 'a task after the response; sheaf.background answers after the fsync',
    method: 'POST',
    connections: 64,
    sides: both('/signup', 'keeps tasks in memory; they are lost if the process dies'),
  },
]

/** The same endpoints as FastAPI's documentation would have them, and as an app with the plugin has them, under the same load. */
export const fastapi: Measure = {
  name: 'fastapi',
  run: async ({ rounds, loadMs }) => {
    const python = findPython()
    if (python === undefined)
      return [{ type: 'absent', name: 'FastAPI', about: `not on this machine: apt-get install ${packages}` }]
    const versions = versionsOf(python)
    const { urls, load, stop } = await startApps(python)
    const contender = (
      { method = 'GET', connections }: Endpoint,
      { app, path, ...side }: Side,
    ): Contender => ({
      ...side,
      about: app === 'fastapi' ? versions : 'one process',
      run: async () => ({
        ...(await load.ask({ url: urls[app] + path, method, connections, forMs: loadMs / 2 })),
      }),
    })
    const comparisons: Comparison[] = []
    for (const endpoint of endpoints) {
      const { name, about, connections, sides } = endpoint
      const [first, ...others] = sides
      const plan: Plan = {
        name: `beside FastAPI, ${name}`,
        unit: 'requests/s',
        about: `${about}; ${connections} keep-alive connections`,
        contenders: [contender(endpoint, first), ...others.map((side) => contender(endpoint, side))],
      }
      comparisons.push(await compare(plan, rounds))
    }
    await stop()
    return comparisons
  },
}

const startApps = async (python: string) => {
  const { path, remove } = newFolder()
  const database = `${path}/app.db`
  fill(database)
  const upstreamTool = await startTool<null, string>('upstream')
  const upstream = await upstreamTool.ask(null)
  const [theirs, ours, load] = await Promise.all([
    startFastapi(python, upstream, database),
    startTool<ElysiaQuestion, string>('elysia-app'),
    startTool<LoadQuestion, LoadAnswer>('load'),
  ])
  const elysia = await ours.ask({ upstream, database, jobs: `${path}/sheaf.db` })
  return {
    urls: { elysia, fastapi: theirs.url },
    load,
    stop: async () => {
      await Promise.all([load.stop(), ours.stop(), theirs.stop(), upstreamTool.stop()])
      await remove()
    },
  }
}

const fill = (file: string): void => {
  const db = new Database(file)
  db.run('create table users (id integer primary key, name text not null, email text not null)')
  const insert = db.query('insert into users (name, email) values (?, ?)')
  db.transaction(() => {
    for (let i = 1; i <= 1_000; i++) insert.run(`User ${i}`, `user-${i}@example.com`)
  })()
  db.close()
}
