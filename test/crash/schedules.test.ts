import { afterAll, expect, test } from 'bun:test'
import type { JobView } from '../../src/job/wire.ts'
import type { ScheduleView } from '../../src/kinds/schedule.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort, ServerProcess } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'
import { latenessOf } from './ticks.ts'

const upstream = startUpstream()
afterAll(() => upstream.stop())

/** Who asks for it waits for ever: whenever the server dies, all jobs that it made run. */
const path = '/hang/tick'

const read = async <T>(url: string): Promise<T> => {
  const response = await fetch(url)
  expect(response.ok).toBe(true)
  return response.json()
}

test('every tick of a schedule makes one job at most, however often the server is killed at it', async () => {
  using folder = temporaryFolder()
  const port = freePort()
  const url = `http://127.0.0.1:${port}`
  const job = { tasks: [{ kind: 'http', url: upstream.url + path }] }

  for (let life = 0; life < 3; life += 1) {
    const before = upstream.count(path)
    await using server = await new ServerProcess(folder.path, port).ready()
    if (life === 0)
      await fetch(`${url}/schedules/s`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ cron: '* * * * * *', job }),
      })
    // One job of each life before, which is rescued, and one of this life.
    await upstream.arrived(path, before + life + 1)
    if (life < 2) await server.kill('SIGKILL')
    else await judge(url)
  }
}, 20_000)

const judge = async (url: string) => {
  const schedule = await read<ScheduleView>(`${url}/schedules/s`)
  const { data: jobs } = await read<{ data: JobView[] }>(`${url}/schedules/s/jobs?limit=100`)
  expect(jobs.length).toBeGreaterThanOrEqual(3)
  expect(latenessOf(jobs)).toBeLessThan(2_000)
  expect(jobs.map(({ id }) => id)).toContain(schedule.lastJob ?? '')
  // One key a task: none ran beside those of the jobs that are known.
  const keys = new Set(upstream.requests.map(({ headers }) => headers['idempotency-key']))
  expect(keys.size).toBeLessThanOrEqual(jobs.length)
}
