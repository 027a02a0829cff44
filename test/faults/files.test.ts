import { expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { faults } from '../../src/job/faults.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort, ServerProcess, UpstreamProcess } from '../support/process.ts'
import { ask, linesOf, ready, submit, until } from './support/ask.ts'
import { limit } from './support/limits.ts'

const { reason } = faults.out_of_files

test('a process that may open no more files starts fewer tasks, keeps its sockets, says so, and does all the work in the end', async () => {
  using folder = temporaryFolder()
  await using upstream = await UpstreamProcess.start(folder.path)
  await using server = await new ServerProcess(folder.path, freePort()).ready()
  const retry = { attempts: 100, backoff: 'fixed', delayMs: 100 }
  const { body: job } = await submit(server.url, {
    retry,
    delayMs: 300,
    tasks: Array(150).fill({ kind: 'http', url: `${upstream.url}/slow/200` }),
  })
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/events`)
  await new Promise((resolve) => socket.addEventListener('open', resolve))
  const last = new Promise<unknown>((resolve) =>
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data))
      if (message.type === 'job' && message.data.state === 'succeeded') resolve(message.data.counts)
    }),
  )
  socket.send(JSON.stringify({ type: 'subscribe', job: job.id, after: 0 }))
  // A handful more than it has open already.
  limit(server.pid, 'openFiles', BigInt(readdirSync(`/proc/${server.pid}/fd`).length + 12))
  expect(await last).toMatchObject({ succeeded: 150 })
  limit(server.pid, 'openFiles')
  await ready(server.url)
  const { body: results } = await ask(server.url, `/jobs/${job.id}/results`)
  // Each found the limit once or twice, and then a connection.
  expect(JSON.stringify(results)).not.toMatch(/"attempt":[4-9]/)
  const lines = linesOf(server.stderr.text, reason)
  expect(lines[0]).toMatchObject({ level: 'error', code: 'out_of_files', error: 'EMFILE' })
  // One of each half minute, and its end.
  expect(lines.length).toBeLessThanOrEqual(4)
  const { body } = await until(server.url, `/jobs/${job.id}`, () => true)
  expect(body).toMatchObject({ state: 'succeeded' })
  socket.close()
}, 30_000)
