import { expect, test } from 'bun:test'
import { join } from 'node:path'
import type { ProblemView } from '../../src/http/problem.ts'
import type { JobView } from '../../src/job/wire.ts'
import { temporaryFolder } from '../support/folder.ts'
import { ChildProcess, freePort, ServerProcess } from '../support/process.ts'

const count = 2_500
const headers = { 'content-type': 'application/x-ndjson' }

const lineOf = (index: number) => `{"kind":"sleep","ms":0,"key":"task-${index}"}\n`
const linesFrom = (from: number) =>
  Array.from({ length: count - from }, (_, at) => lineOf(from + at)).join('')

const jobWhen = async (server: ServerProcess, fits: (job: JobView) => boolean): Promise<JobView> => {
  for (;;) {
    const { data } = (await (await fetch(`${server.url}/jobs`)).json()) as { data: JobView[] }
    const job = data.find(fits)
    if (job) return job
    await Bun.sleep(20)
  }
}

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'an upload during which the server gets a %s keeps what was stored, says how far it got, and goes on',
  async (signal) => {
    using folder = temporaryFolder()
    const port = freePort()
    await using first = await new ServerProcess(folder.path, port, { SHEAF_GRACE_MS: '0' }).ready()
    const script = join(import.meta.dir, 'sender.ts')
    await using sender = new ChildProcess(
      [process.execPath, script, first.url, '2100', 'keyed', 'stall'],
      folder.path,
    )
    const begun = await jobWhen(first, ({ counts }) => counts.succeeded === 2_100)
    await first.kill(signal)
    await sender.ended

    await using second = await new ServerProcess(folder.path, port).ready()
    const whole = `{"name":"large"}\n${linesFrom(0)}`
    const again = await fetch(`${second.url}/jobs`, {
      method: 'POST',
      headers: { ...headers, 'idempotency-key': 'large' },
      body: whole,
    })
    const problem = (await again.json()) as ProblemView
    expect(problem).toMatchObject({
      status: 409,
      code: 'idempotency_pending',
      job: begun.id,
      accepted: 2_100,
    })

    const { accepted = 0 } = problem
    const url = `${second.url}/jobs/${begun.id}/tasks?from=${accepted}&seal=true`
    const rest = await fetch(url, { method: 'POST', headers, body: linesFrom(accepted) })
    expect(rest.status).toBe(202)
    const job = await jobWhen(second, ({ finishedAt }) => finishedAt !== null)
    expect(job).toMatchObject({
      id: begun.id,
      state: 'succeeded',
      counts: { total: count, succeeded: count },
    })
  },
  60_000,
)
