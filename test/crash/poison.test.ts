import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import type { JobView, TaskView } from '../../src/job/wire.ts'
import type { JobSpec } from '../../src/kinds/spec.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort, ServerProcess, UpstreamProcess } from '../support/process.ts'
import { readJob, readTasks, submit } from './rest.ts'

type Tasks = NonNullable<JobSpec['tasks']>

/** Starts servers until one lives to see the end of the job. */
const outlive = async (tasks: (upstream: string) => Tasks) => {
  using folder = temporaryFolder()
  await using upstream = await UpstreamProcess.start(folder.path)
  const port = freePort()
  const start = () =>
    new ServerProcess(folder.path, port, { SHEAF_HANDLERS: join(import.meta.dir, 'poison-handlers.ts') })

  let id: string | undefined
  let deaths = 0
  for (;;) {
    await using server = start()
    const ready = await server.ready().catch(() => undefined)
    if (ready) {
      id ??= (await submit(server.url, 'poisoned', { tasks: tasks(upstream.url) }).catch(() => undefined))?.id
      const job = id === undefined ? undefined : await ended(server.url, id)
      if (job)
        return {
          job,
          tasks: await readTasks(server.url, job.id),
          deaths,
          requests: await upstream.requests(),
        }
    }
    expect(await server.ended).toEqual({ code: null, signal: 'SIGKILL' })
    deaths += 1
    if (deaths > 10) throw new Error(`The server has died ${deaths} times`)
  }
}

/** The job at its end; undefined when the server dies before. */
const ended = async (url: string, id: string): Promise<JobView | undefined> => {
  try {
    await (await fetch(`${url}/jobs/${id}/results?wait=60`)).text()
    return await readJob(url, id)
  } catch {
    return undefined
  }
}

const outcomeOf = ({ state, error }: TaskView) => (error ? `${state}: ${error.code}` : state)

describe('a task that kills the server each time it runs', () => {
  test('is rescued three times, and then fails; nothing that ends beside it is harmed', async () => {
    const { job, tasks, deaths, requests } = await outlive((upstream) => [
      { kind: 'http', url: `${upstream}/users/1` },
      { kind: 'call', handler: 'poison', input: { afterMs: 150 } },
      { kind: 'sleep', ms: 20 },
      { kind: 'http', url: `${upstream}/users/2`, after: [0] },
    ])
    expect(deaths).toBe(4)
    expect(tasks.map(outcomeOf)).toEqual(['succeeded', 'failed: rescued_too_often', 'succeeded', 'succeeded'])
    expect(job).toMatchObject({ state: 'succeeded', counts: { total: 4, succeeded: 3, failed: 1 } })
    expect([...requests.values()]).toEqual([1, 1])
  }, 20_000)

  test('harms nothing that was claimed together with it', async () => {
    const { tasks } = await outlive((upstream) => [
      { kind: 'http', url: `${upstream}/users/1` },
      { kind: 'call', handler: 'poison', input: { afterMs: 0 } },
      { kind: 'sleep', ms: 20 },
      { kind: 'sleep', ms: 0 },
    ])
    expect(tasks.map(outcomeOf)).toEqual(['succeeded', 'failed: rescued_too_often', 'succeeded', 'succeeded'])
  }, 20_000)
})
