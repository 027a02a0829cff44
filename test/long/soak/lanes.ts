import type { JobView } from '../../../src/job/wire.ts'
import type { TaskSpec } from '../../../src/kinds/spec.ts'
import { Journal } from '../../crash/journal.ts'
import { SocketWatcher } from '../../crash/socket-watcher.ts'
import { StreamWatcher } from '../../crash/stream-watcher.ts'
import { ask, readJob, runJob, submitJob } from '../kit/rest.ts'

export interface Places {
  url: string
  upstream: string
}

/** One round of a kind of work; gives how many tasks it was, and throws when something came out as it should not. */
export type Lane = (places: Places, round: number) => Promise<number>

/** Pruned so soon after its end that jobs come and go at the same rate. */
const keepMs = 2_000

/** A bit of everything, as many at once as the server allows. */
const mixed: Lane = async ({ url, upstream }, round) => {
  const tasks = Array.from({ length: 40 }, (_, i) => i * 10).flatMap((i): TaskSpec[] => [
    { kind: 'http', key: `k${i}`, url: `${upstream}/users/${i}` },
    { kind: 'http', url: `${upstream}/users/{{tasks.k${i}.output.body.id}}`, after: [`k${i}`] },
    { kind: 'http', url: `${upstream}/flaky/${i}`, retry: { attempts: 12, delayMs: 20 } },
    { kind: 'http', url: `${upstream}/users/${i}`, queue: `tenant-${(round + i) % 500}` },
    { kind: 'http', url: `${upstream}/slow/${i % 50}` },
    { kind: 'http', url: `${upstream}/bytes/2000`, ...(i % 40 === 0 && { save: true }) },
    { kind: 'sleep', ms: i % 20 },
    { kind: 'sleep', ms: 1, delayMs: i },
    { kind: 'sleep', ms: 1, after: [{ task: `k${i}`, on: 'ended' }] },
    { kind: 'http', url: `${upstream}/users/${i}` },
  ])
  const headers = { prefer: 'wait=60', 'idempotency-key': crypto.randomUUID() }
  return succeeded(await ask(`${url}/jobs`, 'POST', { tasks, keepMs, labels: { lane: 'mixed' } }, headers))
}

/** Cancelled in the midst of it. */
const cancelled: Lane = async ({ url }) => {
  const tasks = Array.from({ length: 200 }, (): TaskSpec => ({ kind: 'sleep', ms: 30 }))
  const { id } = await submitJob(url, { tasks, concurrency: 16, keepMs })
  await Bun.sleep(100)
  await ask(`${url}/jobs/${id}/cancel`, 'POST')
  const { state, counts } = await runToEnd(url, id)
  if (state !== 'cancelled' || counts.cancelled + counts.succeeded !== tasks.length)
    throw new Error(`Expected a job to be cancelled, got ${state}: ${JSON.stringify(counts)}`)
  return tasks.length
}

/** Fails as soon as one of its tasks does. */
const failing: Lane = async ({ url, upstream }) => {
  const tasks: TaskSpec[] = [
    { kind: 'http', url: `${upstream}/nothing-here` },
    ...Array.from({ length: 50 }, (): TaskSpec => ({ kind: 'sleep', ms: 60_000 })),
  ]
  // Answered when it is known how it will end: the rest may still be being cancelled.
  const { outcome, counts } = await runJob(url, { mode: 'all', tasks, keepMs })
  if (outcome !== 'failed' || counts.failed !== 1)
    throw new Error(`Expected a job to fail by one task, got ${outcome}: ${JSON.stringify(counts)}`)
  return tasks.length
}

/** The upstream says now and then when to come again. */
const throttled: Lane = async ({ url, upstream }) => {
  const task = { kind: 'http', url: `${upstream}/limited/{{item}}`, queue: 'throttled' } as const
  return succeeded(await runJob(url, { each: { items: [...Array(60).keys()], task }, keepMs }))
}

/** Its queue has a rate of 100 a second; see `limitQueues`. */
const metered: Lane = async ({ url }) => {
  const tasks = Array.from({ length: 20 }, (): TaskSpec => ({ kind: 'sleep', ms: 1, queue: 'metered' }))
  return succeeded(await runJob(url, { tasks, keepMs }))
}

/** Its queue is paused, and goes on. */
const held: Lane = async ({ url }) => {
  await ask(`${url}/queues/held`, 'PUT', { paused: true })
  const tasks = Array.from({ length: 20 }, (): TaskSpec => ({ kind: 'sleep', ms: 1, queue: 'held' }))
  const { id } = await submitJob(url, { tasks, keepMs: 60_000 })
  await Bun.sleep(200)
  await ask(`${url}/queues/held`, 'PUT', { concurrency: 5 })
  const count = succeeded(await runToEnd(url, id))
  await ask(`${url}/jobs/${id}`, 'DELETE')
  return count
}

/** Followed over both channels by some who come and go. */
const followed: Lane = async ({ url }, round) => {
  const tasks = Array.from({ length: 300 }, (_, i): TaskSpec => ({ kind: 'sleep', ms: 1 + (i % 20) }))
  const { id } = await submitJob(url, { tasks, concurrency: 16, keepMs: 30_000 })
  const watchers = [
    new SocketWatcher(url, id, new Journal(`socket ${round}`)),
    new StreamWatcher(url, id, new Journal(`stream ${round}`)),
  ]
  // One that goes for good while there is more to come.
  const leaver = new SocketWatcher(url, id, new Journal(`leaver ${round}`))
  await Bun.sleep(50)
  leaver.stop()
  await Promise.all(watchers.map(({ journal }) => journal.finished))
  for (const watcher of watchers) watcher.stop()
  for (const { journal } of watchers) {
    if (journal.faults.length > 0) throw new Error(journal.faults.join('; '))
    if (journal.ends.size !== tasks.length) throw new Error(`${journal.who} saw ${journal.ends.size} ends`)
  }
  await ask(`${url}/jobs/${id}`, 'DELETE')
  return tasks.length
}

const runToEnd = async (url: string, id: string): Promise<JobView> => {
  await ask(`${url}/jobs/${id}/results?wait=60`, 'GET')
  return readJob(url, id)
}

/** Throws unless all of it did. */
const succeeded = ({ state, counts }: JobView): number => {
  if (state !== 'succeeded' || counts.succeeded !== counts.total)
    throw new Error(`Expected a job to succeed, got ${state}: ${JSON.stringify(counts)}`)
  return counts.total
}

/** What goes on at the same time. */
export const lanes: readonly Lane[] = [
  ...Array<Lane>(4).fill(mixed),
  cancelled,
  failing,
  throttled,
  metered,
  held,
  followed,
  followed,
]
