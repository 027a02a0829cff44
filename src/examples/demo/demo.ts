/**
 * The main job of Sheaf on real input, in half a minute: 600 tasks against an API that is slow, refuses, breaks and
 * hangs; a bar drawn from the WebSocket; the server killed half way and started again; every result gathered.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { call, connect, http, sleep } from 'sheaf/client'
import { Bar } from './bar.ts'
import type { letters } from './handlers.ts'
import { freePort, startSheaf, startUpstream } from './processes.ts'

interface User {
  id: number
  name: string
  followers: number
}

const folder = await mkdtemp(join(tmpdir(), 'sheaf-demo-'))
const database = join(folder, 'sheaf.db')
const port = await freePort()
const upstream = await startUpstream()
let server = await startSheaf(database, port)
const url = `http://127.0.0.1:${port}`
const bar = new Bar(process.stdout, Date.now)

const tidyUp = async () => {
  server.kill('SIGTERM')
  upstream.process.kill()
  await server.exited
  await rm(folder, { recursive: true, force: true })
}
process.once('SIGINT', () => void tidyUp().finally(() => process.exit(130)))

try {
  console.log(`Sheaf listens on ${url} and keeps its jobs in ${database}.`)
  console.log(`The API at ${upstream.url} takes its time, answers 429 and 500, and sometimes never.\n`)

  const sheaf = connect(url)
  const users = Array.from({ length: 520 }, (_, id) =>
    http<User>(`${upstream.url}/users/${id}`, { timeoutMs: 1_000 }),
  )
  const naps = Array.from({ length: 40 }, (_, i) => sleep(50 + i * 5))
  const texts = Array.from({ length: 40 }, (_, i) =>
    call<typeof letters>('letters', { text: `Sheaf of task ${i}` }),
  )
  const tasks = [...users, ...naps, ...texts]
  const job = await sheaf.submit(tasks, {
    name: 'demo',
    concurrency: 16,
    retry: { attempts: 4, delayMs: 100, maxDelayMs: 1_000 },
  })
  console.log(`Submitted ${tasks.length} tasks as job ${job.id}.`)

  const ends = new Map<number, number>()
  let killed = false
  for await (const event of job) {
    bar.take(event)
    if (event.type === 'tasks')
      for (const task of event.data)
        if (['succeeded', 'failed', 'cancelled'].includes(task.state))
          ends.set(task.index, (ends.get(task.index) ?? 0) + 1)
    if (!killed && bar.ended >= tasks.length / 2) {
      killed = true
      bar.say(`\nKilling the server with SIGKILL at ${bar.ended} of ${tasks.length} tasks…`)
      server.kill('SIGKILL')
      await server.exited
      server = await startSheaf(database, port)
      bar.say('…and started it again. The client reconnects and goes on where it was.\n')
    }
  }
  bar.end()

  const results = await job.results()
  const succeeded = results.filter((result) => result.state === 'succeeded')
  const failed = results.filter((result) => result.state === 'failed')
  const most = results
    .slice(0, users.length)
    .flatMap((result) => (result.state === 'succeeded' ? [result.output as { body: User }] : []))
    .map(({ body }) => body)
    .sort((a, b) => b.followers - a.followers)
    .slice(0, 3)

  console.log(`\nGathered ${results.length} results: ${succeeded.length} succeeded, ${failed.length} failed.`)
  for (const user of most) console.log(`  ${user.name} has ${user.followers} followers`)
  console.log('Errors:')
  for (const result of failed)
    console.log(
      `  task ${result.index}, attempt ${result.attempt}: ${result.error?.code}: ${result.error?.message}`,
    )

  const once = results.every((result) => ends.get(result.index) === 1)
  console.log(
    once
      ? '\nThe stream told the end of each task exactly once, across the kill.'
      : '\nThe stream missed or repeated an end.',
  )
  if (
    !killed ||
    !once ||
    results.length !== tasks.length ||
    succeeded.length + failed.length !== tasks.length
  )
    process.exitCode = 1
} finally {
  await tidyUp()
}
